/** The middle of the values, and the range that holds the middle half of them. */
export interface Spread {
  readonly median: number
  readonly lower: number
  readonly upper: number
}

/** The value below which this share of the values lies; NaN when there are none. */
export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const spread = (values: ReadonlyArray<number>): Spread => ({
  median: quantile(values, 0.5),
  lower: quantile(values, 0.25),
  upper: quantile(values, 0.75)
})

/** The ratio within each round: what slows a round down slows both sides of it. */
export const pairedRatios = (values: ReadonlyArray<number>, baseline: ReadonlyArray<number>): ReadonlyArray<number> =>
  values.map((value, round) => value / (baseline[round] ?? Number.NaN))
