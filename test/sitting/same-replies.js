/** Loaded into a bot before anything else: the seeds of its replies are drawn from here, so the same words get the same replies. */
Math.random = () => 0.5;
