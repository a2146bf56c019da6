CREATE TABLE "clips" (
	"id" text PRIMARY KEY NOT NULL,
	"take_id" text NOT NULL,
	"timeline_id" text NOT NULL,
	"video_id" text,
	"channel_id" text NOT NULL,
	"creator_id" text NOT NULL,
	"title" text NOT NULL,
	"start_ms" bigint NOT NULL,
	"end_ms" bigint NOT NULL,
	"take_start_ms" bigint NOT NULL,
	"take_end_ms" bigint NOT NULL,
	"position_ms" bigint NOT NULL,
	"request_key" text,
	"published_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"export_key" text,
	"export_bytes" bigint,
	"export_frames" integer,
	"exported_at" timestamp (3) with time zone,
	CONSTRAINT "clips_take_id_unique" UNIQUE("take_id")
);
--> statement-breakpoint
ALTER TABLE "clips" ADD CONSTRAINT "clips_video_id_videos_id_fk" FOREIGN KEY ("video_id") REFERENCES "public"."videos"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "clips" ADD CONSTRAINT "clips_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "clips" ADD CONSTRAINT "clips_creator_id_people_id_fk" FOREIGN KEY ("creator_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "clips_channel_newest" ON "clips" USING btree ("channel_id","id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "clips_video_newest" ON "clips" USING btree ("video_id","id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "clips_timeline" ON "clips" USING btree ("timeline_id");--> statement-breakpoint
CREATE UNIQUE INDEX "clips_request" ON "clips" USING btree ("creator_id","request_key");