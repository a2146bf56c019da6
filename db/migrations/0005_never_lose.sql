CREATE TABLE "broadcast_epochs" (
	"broadcast_id" text NOT NULL,
	"epoch" integer NOT NULL,
	"first_sequence" bigint NOT NULL,
	"node_url" text NOT NULL,
	"remote_address" text NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "broadcast_epochs_broadcast_id_epoch_pk" PRIMARY KEY("broadcast_id","epoch")
);
--> statement-breakpoint
DROP INDEX "broadcasts_alive";--> statement-breakpoint
ALTER TABLE "broadcasts" ADD COLUMN "reconnect_window_seconds" integer DEFAULT 60 NOT NULL;--> statement-breakpoint
ALTER TABLE "broadcasts" ADD COLUMN "interrupted_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "reconnect_window_seconds" integer DEFAULT 60 NOT NULL;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "dvr_minutes" integer DEFAULT 240 NOT NULL;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "retention_days" integer;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "banned_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "broadcast_epochs" ADD CONSTRAINT "broadcast_epochs_broadcast_id_broadcasts_id_fk" FOREIGN KEY ("broadcast_id") REFERENCES "public"."broadcasts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "broadcasts_alive" ON "broadcasts" USING btree ("last_report_at") WHERE "broadcasts"."state" in ('offered', 'live', 'interrupted');