const minute = 60_000

/** How long a deploy waits for a build slot. Builds last minutes, so a longer wait means that the queue does not move. */
export const maxSlotWaitMillis = 120 * minute

/** How long a deploy waits for instances. */
export const maxInstanceWaitMillis = 15 * minute

/** How long a deploy waits for a sentinel. krane reports one as healthy 30 s after it is ready; the rest is for an image pull. */
export const maxSentinelWaitMillis = 3 * minute
