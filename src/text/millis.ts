/** Units of time in milliseconds, for arithmetic with times of the clock. */
export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour
