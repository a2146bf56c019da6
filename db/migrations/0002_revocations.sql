CREATE TABLE "revocations" (
	"id" text PRIMARY KEY NOT NULL,
	"transaction_id" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	"playback_id" text,
	"session_id" text,
	"viewer_id" text,
	"asset_id" text,
	"decided_until" timestamp (3) with time zone,
	"expires_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "revocations_name_something" CHECK (num_nonnulls("revocations"."playback_id", "revocations"."session_id", "revocations"."viewer_id", "revocations"."asset_id") > 0)
);
--> statement-breakpoint
CREATE INDEX "revocations_feed" ON "revocations" USING btree ("transaction_id","id");--> statement-breakpoint
CREATE INDEX "revocations_expiry" ON "revocations" USING btree ("expires_at");