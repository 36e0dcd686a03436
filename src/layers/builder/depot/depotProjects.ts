import { Cache, Duration, Effect, Exit } from "effect"
import type { DepotApi, DepotFailed, DepotProject } from "./DepotApi.ts"

export type FindProject = (projectId: string) => Effect.Effect<string, DepotFailed>

/** Depot keeps a project's cache up to this size and age. */
const cachePolicy = { keepGb: 50, keepDays: 14 } as const
const maxKnown = 10_000

/** Ours among the projects of an account that others use as well. */
export interface ProjectNames {
  readonly projectPrefix: string
  /** Where new projects keep their cache. */
  readonly projectRegion: string
}

/** Of several with one name, the one that everybody agrees on: the oldest, and of the same second the one that sorts first. */
export const eldest = (projects: ReadonlyArray<DepotProject>, name: string): DepotProject | undefined =>
  projects
    .filter((project) => project.name === name)
    .toSorted((a, b) => a.createdAt - b.createdAt || (a.projectId < b.projectId ? -1 : 1))[0]

/**
 * Looks by name, creates when there is none, and looks again: when two workers create at the same time, both end up with
 * the elder one and the younger is deleted, while it has no build yet.
 */
const findOrCreate =
  ({ projects }: DepotApi, { projectPrefix, projectRegion }: ProjectNames) =>
  (projectId: string) =>
    Effect.gen(function* () {
      const name = `${projectPrefix}-${projectId}`
      const found = eldest(yield* projects.list, name)
      if (found !== undefined) return found.projectId
      const created = yield* projects.create(name, projectRegion, cachePolicy)
      const agreed = eldest(yield* projects.list, name)?.projectId ?? created
      if (agreed !== created) yield* Effect.ignore(projects.delete(created))
      return agreed
    }).pipe(
      // Others of this process wait for it; and what it created must not be left without an owner.
      Effect.uninterruptible
    )

/** The Depot project of a project of ours: one, however many builds ask for it at once. Remembered once it is known. */
export const depotProjects = (
  api: DepotApi,
  names: ProjectNames
): Effect.Effect<{ readonly find: FindProject; readonly forget: (projectId: string) => Effect.Effect<void> }> =>
  Effect.map(
    Cache.makeWith({
      capacity: maxKnown,
      lookup: findOrCreate(api, names),
      timeToLive: Exit.match({ onFailure: () => Duration.zero, onSuccess: () => Duration.infinity })
    }),
    (cache) => ({
      find: (projectId) => cache.get(projectId).pipe(Effect.uninterruptible, Effect.disconnect),
      forget: (projectId) => cache.invalidate(projectId)
    })
  )
