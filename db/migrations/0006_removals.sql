CREATE TABLE "removals" (
	"id" text PRIMARY KEY NOT NULL,
	"video_id" text NOT NULL,
	"channel_id" text NOT NULL,
	"reason" text NOT NULL,
	"title" text NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"duration_ms" bigint,
	"source_key" text,
	"removed_at" timestamp (3) with time zone NOT NULL,
	"sweep_at" timestamp (3) with time zone,
	"freed_bytes" bigint DEFAULT 0 NOT NULL,
	"seen_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "videos" ADD COLUMN "source_key" text;--> statement-breakpoint
CREATE INDEX "removals_sweep" ON "removals" USING btree ("sweep_at") WHERE "removals"."sweep_at" is not null;--> statement-breakpoint
CREATE INDEX "removals_notice" ON "removals" USING btree ("channel_id","removed_at") WHERE "removals"."seen_at" is null;