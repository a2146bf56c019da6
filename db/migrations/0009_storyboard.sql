ALTER TABLE "videos" ADD COLUMN "storyboard_minute" integer;--> statement-breakpoint
ALTER TABLE "videos" ADD COLUMN "storyboard_done" boolean DEFAULT false NOT NULL;