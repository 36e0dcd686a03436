import { dice } from "./simulation.ts"

const minute = 60_000
const hour = 60 * minute

/** How many of a day's commands come in each hour (UTC): few at night, most in working hours. */
const ofHour = [1, 1, 1, 1, 1, 1, 2, 4, 8, 11, 12, 11, 9, 10, 12, 12, 11, 9, 5, 3, 2, 2, 1, 1]
/** Per project and day. */
const deploysPerProject = 2
/** One in so many pushes is followed by others of the same project within minutes. */
const burstEvery = 10
/** One in so many commands is delivered again, at once or after a while. */
const repeatedEvery = 10

/** How a custom domain is set up: the owner's records are right after so long, wrong before that, or never right. */
export type Setup =
  | { readonly _tag: "Right"; readonly after: number }
  | { readonly _tag: "WrongUntil"; readonly after: number }
  | { readonly _tag: "Never" }

/** A command of a user, at milliseconds since midnight. */
export type Planned = { readonly at: number; readonly project: number } & (
  | { readonly _tag: "Deploy"; readonly isPreview: boolean; readonly isFromGit: boolean; readonly isRepeated: boolean }
  | { readonly _tag: "Promote" | "Rollback" }
  | { readonly _tag: "AddDomain"; readonly setup: Setup; readonly isRepeated: boolean }
)

type Roll = ReturnType<typeof dice>

/** Draws the index of a part, where parts have these weights. */
const drawsFrom = (weights: ReadonlyArray<number>) => {
  let total = 0
  const ends = weights.map((weight) => {
    total += weight
    return total
  })
  return (roll: Roll): number => {
    const at = (roll(1_000_000_000) / 1_000_000_000) * total
    let [low, high] = [0, ends.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (at < (ends[middle] ?? 0)) high = middle
      else low = middle + 1
    }
    return low
  }
}

const drawHour = drawsFrom(ofHour)
const instant = (roll: Roll) => drawHour(roll) * hour + roll(hour)

/** The n-th project has a share in proportion to 1/n, as sizes of tenants are distributed. */
const sharesOf = (projects: number) => Array.from({ length: projects }, (_, nth) => 1 / (nth + 1))

const deployAt = (at: number, project: number, roll: Roll): Planned => ({
  _tag: "Deploy",
  at,
  project,
  isPreview: roll(10) < 6,
  isFromGit: roll(10) < 7,
  isRepeated: roll(repeatedEvery) === 0
})

/** A push, and where it begins a burst, those that follow it. */
const pushes = (project: number, roll: Roll): ReadonlyArray<Planned> => {
  const first = instant(roll)
  const more = roll(burstEvery) === 0 ? 2 + roll(6) : 0
  return Array.from({ length: 1 + more }, (_, nth) => deployAt(first + nth * (5000 + roll(minute)), project, roll))
}

/** Two of five domains are right at once; every kind is among the first four. */
const setupOf = (nth: number, roll: Roll): Setup => {
  const after = (1 + roll(6)) * hour
  switch (nth % 5) {
    case 1:
      return { _tag: "WrongUntil", after }
    case 2:
      return { _tag: "Right", after }
    case 3:
      return { _tag: "Never" }
    default:
      return { _tag: "Right", after: 0 }
  }
}

const domainOf = (nth: number, project: number, roll: Roll): Planned => ({
  _tag: "AddDomain",
  at: instant(roll),
  project,
  setup: setupOf(nth, roll),
  isRepeated: roll(repeatedEvery) === 0
})

/** What the users of so many projects do on a working day, in order. */
export const dayOfCommands = (projects: number, seed: number): ReadonlyArray<Planned> => {
  const roll = dice(seed + 3)
  const drawProject = drawsFrom(sharesOf(projects))
  const planned: Array<Planned> = []
  while (planned.length < projects * deploysPerProject) planned.push(...pushes(drawProject(roll), roll))
  for (let nth = 0; nth < Math.max(4, projects / 10); nth++) {
    planned.push({ _tag: "Promote", at: instant(roll), project: drawProject(roll) })
    planned.push({ _tag: "Rollback", at: instant(roll), project: drawProject(roll) })
    planned.push(domainOf(nth, drawProject(roll), roll))
  }
  return planned.sort((one, other) => one.at - other.at)
}
