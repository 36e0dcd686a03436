import { Cache, Duration, Effect, Exit } from "effect"
import type { DepotApi, DepotFailed, DepotProject } from "./DepotApi.ts"

export type FindProject = (projectId: string) => Effect.Effect<string, DepotFailed>

/** Maximum size and age of a project's cache at Depot. */
const cachePolicy = { keepGb: 50, keepDays: 14 } as const
const maxKnown = 10_000

/** Names of this worker's projects within a shared Depot account. */
export interface ProjectNames {
  readonly projectPrefix: string
  /** Region of new projects. */
  readonly projectRegion: string
}

/** The oldest of several projects with one name; ties are broken by id, so that all workers agree. */
export const oldestProject = (projects: ReadonlyArray<DepotProject>, name: string): DepotProject | undefined =>
  projects
    .filter((project) => project.name === name)
    .toSorted((a, b) => a.createdAt - b.createdAt || (a.projectId < b.projectId ? -1 : 1))[0]

/**
 * Finds a project by name, or creates it and searches again: when two workers create one at the same time, both use the older
 * and the newer is deleted before it has a build.
 */
const findOrCreate =
  ({ projects }: DepotApi, { projectPrefix, projectRegion }: ProjectNames) =>
  (projectId: string) =>
    Effect.gen(function* () {
      const name = `${projectPrefix}-${projectId}`
      const found = oldestProject(yield* projects.list, name)
      if (found !== undefined) return found.projectId
      const created = yield* projects.create(name, projectRegion, cachePolicy)
      const agreed = oldestProject(yield* projects.list, name)?.projectId ?? created
      if (agreed !== created) yield* Effect.ignore(projects.delete(created))
      return agreed
    }).pipe(
      // Other fibers wait for it, and a created project must not be left behind.
      Effect.uninterruptible
    )

/** The Depot project of a project, created at most once by concurrent builds, and cached. */
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
