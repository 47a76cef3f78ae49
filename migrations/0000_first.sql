CREATE TABLE `audit` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`class_id` text NOT NULL,
	`member_id` text,
	`action` text NOT NULL,
	`details` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`class_id`) REFERENCES `classes`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`member_id`) REFERENCES `members`(`id`) ON UPDATE no action ON DELETE set null
);
--> statement-breakpoint
CREATE INDEX `audit_class` ON `audit` (`class_id`);--> statement-breakpoint
CREATE TABLE `outbox` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`class_id` text NOT NULL,
	`session_id` text,
	`kind` text NOT NULL,
	`payload` text NOT NULL,
	`created_at` integer NOT NULL,
	`delivered_at` integer,
	`channel_id` text,
	`message_id` text,
	FOREIGN KEY (`class_id`) REFERENCES `classes`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`session_id`) REFERENCES `sessions`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `outbox_pending` ON `outbox` (`delivered_at`,`id`);--> statement-breakpoint
CREATE INDEX `outbox_session` ON `outbox` (`session_id`);--> statement-breakpoint
CREATE TABLE `classes` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`locale` text NOT NULL,
	`current_version_id` text,
	`declared_at` integer,
	`declared_by` text,
	`declaration_wording` text,
	`last_claim` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`current_version_id`) REFERENCES `versions`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`declared_by`) REFERENCES `members`(`id`) ON UPDATE no action ON DELETE set null
);
--> statement-breakpoint
CREATE TABLE `consents` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`member_id` text NOT NULL,
	`granted` integer NOT NULL,
	`text_version` text NOT NULL,
	`recorded_by` text,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`member_id`) REFERENCES `members`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`recorded_by`) REFERENCES `members`(`id`) ON UPDATE no action ON DELETE set null,
	CONSTRAINT "consents_granted" CHECK("consents"."granted" IN (0, 1))
);
--> statement-breakpoint
CREATE INDEX `consents_member` ON `consents` (`member_id`);--> statement-breakpoint
CREATE TABLE `members` (
	`id` text PRIMARY KEY NOT NULL,
	`class_id` text NOT NULL,
	`user_id` text NOT NULL,
	`name` text NOT NULL,
	`role` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`class_id`) REFERENCES `classes`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "members_role" CHECK("members"."role" IN ('student', 'teacher'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `members_class_user` ON `members` (`class_id`,`user_id`);--> statement-breakpoint
CREATE TABLE `settings` (
	`class_id` text NOT NULL,
	`key` text NOT NULL,
	`value` text,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`class_id`, `key`),
	FOREIGN KEY (`class_id`) REFERENCES `classes`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `corrections` (
	`turn_id` text NOT NULL,
	`member_id` text NOT NULL,
	`text` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`turn_id`, `member_id`),
	FOREIGN KEY (`turn_id`) REFERENCES `turns`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`member_id`) REFERENCES `members`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `corrections_member` ON `corrections` (`member_id`);--> statement-breakpoint
CREATE TABLE `iterations` (
	`id` text PRIMARY KEY NOT NULL,
	`session_id` text NOT NULL,
	`number` integer NOT NULL,
	`version_id` text,
	`averages` text,
	`created_at` integer NOT NULL,
	`closed_at` integer,
	FOREIGN KEY (`session_id`) REFERENCES `sessions`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`version_id`) REFERENCES `versions`(`id`) ON UPDATE no action ON DELETE set null
);
--> statement-breakpoint
CREATE UNIQUE INDEX `iterations_session_number` ON `iterations` (`session_id`,`number`);--> statement-breakpoint
CREATE TABLE `ratings` (
	`turn_id` text NOT NULL,
	`member_id` text NOT NULL,
	`value` real NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`turn_id`, `member_id`),
	FOREIGN KEY (`turn_id`) REFERENCES `turns`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`member_id`) REFERENCES `members`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "ratings_value" CHECK("ratings"."value" BETWEEN 0 AND 1)
);
--> statement-breakpoint
CREATE INDEX `ratings_member` ON `ratings` (`member_id`);--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`class_id` text NOT NULL,
	`started_by` text,
	`channel_id` text NOT NULL,
	`thread_id` text,
	`phase` text NOT NULL,
	`state` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`ended_at` integer,
	FOREIGN KEY (`class_id`) REFERENCES `classes`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`started_by`) REFERENCES `members`(`id`) ON UPDATE no action ON DELETE set null,
	CONSTRAINT "sessions_ended" CHECK(("sessions"."phase" = 'ended') = ("sessions"."ended_at" IS NOT NULL))
);
--> statement-breakpoint
CREATE INDEX `sessions_class` ON `sessions` (`class_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `sessions_open_thread` ON `sessions` (`thread_id`) WHERE "sessions"."ended_at" IS NULL;--> statement-breakpoint
CREATE TABLE `turns` (
	`id` text PRIMARY KEY NOT NULL,
	`class_id` text NOT NULL,
	`session_id` text NOT NULL,
	`iteration_id` text NOT NULL,
	`member_id` text NOT NULL,
	`number` integer NOT NULL,
	`text` text NOT NULL,
	`intent` text NOT NULL,
	`emotion` text NOT NULL,
	`language` text NOT NULL,
	`choices_guessed` integer NOT NULL,
	`state` text NOT NULL,
	`tries` integer DEFAULT 0 NOT NULL,
	`reply` text,
	`version_id` text,
	`seed` integer,
	`prompt_ids` text,
	`output_ids` text,
	`token_logprobs` text,
	`seconds` real,
	`tokens_per_second` real,
	`scores` text,
	`error` text,
	`message_id` text,
	`created_at` integer NOT NULL,
	`answered_at` integer,
	FOREIGN KEY (`class_id`) REFERENCES `classes`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`session_id`) REFERENCES `sessions`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`iteration_id`) REFERENCES `iterations`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`member_id`) REFERENCES `members`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`version_id`) REFERENCES `versions`(`id`) ON UPDATE no action ON DELETE set null,
	CONSTRAINT "turns_state" CHECK("turns"."state" IN ('answering', 'answered', 'failed')),
	CONSTRAINT "turns_reply" CHECK("turns"."state" <> 'answered' OR "turns"."reply" IS NOT NULL)
);
--> statement-breakpoint
CREATE INDEX `turns_member` ON `turns` (`member_id`);--> statement-breakpoint
CREATE INDEX `turns_class_created` ON `turns` (`class_id`,`created_at`);--> statement-breakpoint
CREATE UNIQUE INDEX `turns_session_number` ON `turns` (`session_id`,`number`);--> statement-breakpoint
CREATE TABLE `job_steps` (
	`job_id` text NOT NULL,
	`step` integer NOT NULL,
	`total_steps` integer NOT NULL,
	`loss` real NOT NULL,
	`grad_norm` real NOT NULL,
	`learning_rate` real NOT NULL,
	`epoch` real NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`job_id`, `step`),
	FOREIGN KEY (`job_id`) REFERENCES `jobs`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `jobs` (
	`id` text PRIMARY KEY NOT NULL,
	`class_id` text NOT NULL,
	`session_id` text,
	`turn_id` text,
	`from_version_id` text,
	`number` integer NOT NULL,
	`state` text NOT NULL,
	`payload` text NOT NULL,
	`words_withdrawn` integer DEFAULT false NOT NULL,
	`worker` text,
	`lease_until` integer,
	`attempts` integer DEFAULT 0 NOT NULL,
	`cancel_mode` text,
	`checkpoint_file` text,
	`version_id` text,
	`summary` text,
	`push` text,
	`error` text,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`finished_at` integer,
	FOREIGN KEY (`class_id`) REFERENCES `classes`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`session_id`) REFERENCES `sessions`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`turn_id`) REFERENCES `turns`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`from_version_id`) REFERENCES `versions`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`version_id`) REFERENCES `versions`(`id`) ON UPDATE no action ON DELETE set null,
	CONSTRAINT "jobs_state" CHECK("jobs"."state" IN ('queued', 'running', 'finished', 'failed', 'cancelled')),
	CONSTRAINT "jobs_cancel_mode" CHECK("jobs"."cancel_mode" IN ('keep', 'discard')),
	CONSTRAINT "jobs_lease" CHECK(("jobs"."state" = 'running') = ("jobs"."worker" IS NOT NULL) AND ("jobs"."state" = 'running') = ("jobs"."lease_until" IS NOT NULL))
);
--> statement-breakpoint
CREATE INDEX `jobs_class_state` ON `jobs` (`class_id`,`state`);--> statement-breakpoint
CREATE UNIQUE INDEX `jobs_one_running` ON `jobs` (`state`) WHERE "jobs"."state" = 'running';--> statement-breakpoint
CREATE UNIQUE INDEX `jobs_number` ON `jobs` (`number`);--> statement-breakpoint
CREATE TABLE `version_members` (
	`version_id` text NOT NULL,
	`member_id` text NOT NULL,
	PRIMARY KEY(`version_id`, `member_id`),
	FOREIGN KEY (`version_id`) REFERENCES `versions`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`member_id`) REFERENCES `members`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `version_members_member` ON `version_members` (`member_id`);--> statement-breakpoint
CREATE TABLE `versions` (
	`id` text PRIMARY KEY NOT NULL,
	`class_id` text NOT NULL,
	`number` integer NOT NULL,
	`parent_id` text,
	`job_id` text,
	`base` text NOT NULL,
	`method` text NOT NULL,
	`note` text NOT NULL,
	`forgotten_members` integer DEFAULT 0 NOT NULL,
	`weights_file` text,
	`sha256` text NOT NULL,
	`created_at` integer NOT NULL,
	`adapter` blob,
	FOREIGN KEY (`class_id`) REFERENCES `classes`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`parent_id`) REFERENCES `versions`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`job_id`) REFERENCES `jobs`(`id`) ON UPDATE no action ON DELETE set null,
	CONSTRAINT "versions_number" CHECK("versions"."number" >= 1),
	CONSTRAINT "versions_method" CHECK("versions"."method" IN ('full', 'lora')),
	CONSTRAINT "versions_weights" CHECK(("versions"."adapter" IS NULL) <> ("versions"."weights_file" IS NULL)),
	CONSTRAINT "versions_sha256" CHECK(length("versions"."sha256") = 64)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `versions_class_number` ON `versions` (`class_id`,`number`);