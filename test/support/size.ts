/** `npm run test:full` sets it: there sizes are those of a nightly run. */
export const isFull = process.env.TEST_SIZE === "full"

/** A size of a test whose guarantee holds at any: how many seeds, pairs, rows or rounds. */
export const sized = <A>(small: A, full: A): A => (isFull ? full : small)
