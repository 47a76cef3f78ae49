CREATE TABLE `tries` (
	`turn_id` text NOT NULL,
	`number` integer NOT NULL,
	`reply` text NOT NULL,
	`output_ids` text NOT NULL,
	PRIMARY KEY(`turn_id`, `number`),
	FOREIGN KEY (`turn_id`) REFERENCES `turns`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `try_preferences` (
	`turn_id` text NOT NULL,
	`member_id` text NOT NULL,
	`number` integer NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`turn_id`, `member_id`),
	FOREIGN KEY (`turn_id`) REFERENCES `turns`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`member_id`) REFERENCES `members`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `try_preferences_member` ON `try_preferences` (`member_id`);