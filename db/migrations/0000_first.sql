CREATE SEQUENCE "public"."outbox_positions" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "broadcasts" (
	"id" text PRIMARY KEY NOT NULL,
	"channel_id" text NOT NULL,
	"state" text NOT NULL,
	"epoch" integer DEFAULT 0 NOT NULL,
	"next_sequence" bigint DEFAULT 0 NOT NULL,
	"stream_key_id" text,
	"node_url" text,
	"remote_address" text,
	"ladder" text NOT NULL,
	"part_target_ms" integer NOT NULL,
	"archive" boolean NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"started_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"last_report_at" timestamp (3) with time zone,
	"end_requested_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "channels" (
	"id" text PRIMARY KEY NOT NULL,
	"owner_id" text NOT NULL,
	"handle" text NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"live_title" text NOT NULL,
	"ladder" text DEFAULT 'auto' NOT NULL,
	"part_target_ms" integer DEFAULT 510 NOT NULL,
	"archive" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "channels_handle_unique" UNIQUE("handle")
);
--> statement-breakpoint
CREATE TABLE "stream_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"channel_id" text NOT NULL,
	"key_hash" text NOT NULL,
	"last_four" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "stream_keys_channel_id_unique" UNIQUE("channel_id"),
	CONSTRAINT "stream_keys_key_hash_unique" UNIQUE("key_hash")
);
--> statement-breakpoint
CREATE TABLE "documents" (
	"collection" text NOT NULL,
	"id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"body" jsonb NOT NULL,
	CONSTRAINT "documents_collection_id_pk" PRIMARY KEY("collection","id")
);
--> statement-breakpoint
CREATE TABLE "dead_letters" (
	"group" text NOT NULL,
	"event_id" text NOT NULL,
	"topic" text NOT NULL,
	"envelope" jsonb NOT NULL,
	"reason" text NOT NULL,
	"attempts" integer NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "dead_letters_group_event_id_pk" PRIMARY KEY("group","event_id")
);
--> statement-breakpoint
CREATE TABLE "event_positions" (
	"group" text NOT NULL,
	"topic" text NOT NULL,
	"position" bigint NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "event_positions_group_topic_pk" PRIMARY KEY("group","topic")
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"sequence" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "outbox_sequence_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"position" bigint,
	"transaction_id" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	"id" text NOT NULL,
	"topic" text NOT NULL,
	"type" text NOT NULL,
	"version" integer NOT NULL,
	"key" text NOT NULL,
	"trace_id" text,
	"at" timestamp (3) with time zone NOT NULL,
	"payload" jsonb NOT NULL,
	CONSTRAINT "outbox_position_unique" UNIQUE("position"),
	CONSTRAINT "outbox_id_unique" UNIQUE("id")
);
--> statement-breakpoint
CREATE TABLE "jobs" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"task" jsonb NOT NULL,
	"state" text NOT NULL,
	"run_at" timestamp (3) with time zone NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"max_attempts" integer NOT NULL,
	"worker_id" text,
	"lease_until" timestamp (3) with time zone,
	"progress" double precision DEFAULT 0 NOT NULL,
	"error" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "one_time_links" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"purpose" text NOT NULL,
	"person_id" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "people" (
	"id" text PRIMARY KEY NOT NULL,
	"handle" text NOT NULL,
	"email" text,
	"password_hash" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "people_handle_unique" UNIQUE("handle"),
	CONSTRAINT "people_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"person_id" text NOT NULL,
	"token_hash" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"last_seen_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "sessions_token_hash_unique" UNIQUE("token_hash")
);
--> statement-breakpoint
CREATE TABLE "renditions" (
	"timeline_id" text NOT NULL,
	"rendition_id" text NOT NULL,
	"epoch" integer NOT NULL,
	"kind" text NOT NULL,
	"codecs" text NOT NULL,
	"timescale" integer NOT NULL,
	"width" integer,
	"height" integer,
	"frame_rate" double precision,
	"channels" integer,
	"init_key" text NOT NULL,
	CONSTRAINT "renditions_timeline_id_rendition_id_epoch_pk" PRIMARY KEY("timeline_id","rendition_id","epoch")
);
--> statement-breakpoint
CREATE TABLE "timeline_index" (
	"timeline_id" text NOT NULL,
	"rendition_id" text NOT NULL,
	"epoch" integer NOT NULL,
	"minute" integer NOT NULL,
	"locator_prefix" text NOT NULL,
	"sequences" bigint[] NOT NULL,
	"dts" bigint[] NOT NULL,
	"durations" integer[] NOT NULL,
	"program_times_ms" bigint[] NOT NULL,
	"sizes_bytes" integer[] NOT NULL,
	"flags" smallint[] NOT NULL,
	CONSTRAINT "timeline_index_timeline_id_rendition_id_epoch_minute_pk" PRIMARY KEY("timeline_id","rendition_id","epoch","minute")
);
--> statement-breakpoint
CREATE TABLE "videos" (
	"id" text PRIMARY KEY NOT NULL,
	"channel_id" text NOT NULL,
	"timeline_id" text NOT NULL,
	"origin" text NOT NULL,
	"state" text NOT NULL,
	"title" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"duration_ms" bigint,
	"width" integer,
	"height" integer,
	"thumbnail_key" text,
	"thumbnail_at" timestamp (3) with time zone,
	"import_key" text,
	"started_at" timestamp (3) with time zone NOT NULL,
	"published_at" timestamp (3) with time zone,
	CONSTRAINT "videos_timeline_id_unique" UNIQUE("timeline_id"),
	CONSTRAINT "videos_import_key_unique" UNIQUE("import_key")
);
--> statement-breakpoint
ALTER TABLE "broadcasts" ADD CONSTRAINT "broadcasts_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "channels" ADD CONSTRAINT "channels_owner_id_people_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stream_keys" ADD CONSTRAINT "stream_keys_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "one_time_links" ADD CONSTRAINT "one_time_links_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "videos" ADD CONSTRAINT "videos_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "broadcasts_open" ON "broadcasts" USING btree ("channel_id") WHERE "broadcasts"."state" <> 'ended';--> statement-breakpoint
CREATE INDEX "broadcasts_channel" ON "broadcasts" USING btree ("channel_id","ended_at");--> statement-breakpoint
CREATE INDEX "broadcasts_alive" ON "broadcasts" USING btree ("last_report_at") WHERE "broadcasts"."state" in ('offered', 'live');--> statement-breakpoint
CREATE INDEX "channels_owner" ON "channels" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "documents_time" ON "documents" USING btree ("collection","at","id");--> statement-breakpoint
CREATE INDEX "dead_letters_age" ON "dead_letters" USING btree ("at");--> statement-breakpoint
CREATE INDEX "outbox_topic" ON "outbox" USING btree ("topic","position");--> statement-breakpoint
CREATE INDEX "outbox_untold" ON "outbox" USING btree ("sequence") WHERE "outbox"."position" is null;--> statement-breakpoint
CREATE INDEX "outbox_age" ON "outbox" USING btree ("at");--> statement-breakpoint
CREATE UNIQUE INDEX "jobs_active" ON "jobs" USING btree ("kind","subject") WHERE "jobs"."state" in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "jobs_queue" ON "jobs" USING btree ("run_at","id") WHERE "jobs"."state" = 'queued';--> statement-breakpoint
CREATE INDEX "jobs_leases" ON "jobs" USING btree ("lease_until") WHERE "jobs"."state" = 'running';--> statement-breakpoint
CREATE INDEX "jobs_finished" ON "jobs" USING btree ("finished_at") WHERE "jobs"."state" in ('done', 'failed');--> statement-breakpoint
CREATE INDEX "sessions_person" ON "sessions" USING btree ("person_id");--> statement-breakpoint
CREATE INDEX "sessions_expiry" ON "sessions" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "sessions_idle" ON "sessions" USING btree ("last_seen_at");--> statement-breakpoint
CREATE INDEX "videos_newest" ON "videos" USING btree ("started_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "videos_state_newest" ON "videos" USING btree ("state","started_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "videos_channel_newest" ON "videos" USING btree ("channel_id","started_at" DESC NULLS LAST,"id" DESC NULLS LAST);