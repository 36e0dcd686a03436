import { Effect, Option } from "effect"
import { InvalidRequest } from "../../contract/errors.ts"
import {
  type ImageReference,
  isWithin,
  ownLocation,
  parseImageReference,
  projectRepository,
  withoutScheme
} from "../../names/imageReference.ts"
import type { Deployment } from "../../services/deploy/Deployment.ts"
import { DeploymentStore } from "../../services/deploy/DeploymentStore.ts"
import { DeploySettings } from "../../services/deploy/DeploySettings.ts"

type Project = Pick<Deployment, "workspaceId" | "projectId">
type Registry = NonNullable<DeploySettings["Type"]["registry"]>

const refusal = (problem: string) => new InvalidRequest({ field: "dockerImage.image", problem })

/** The project's repository in the operator's registry; null when it has none, or when all projects share one. */
const ownRepository = ({ imagesOf, url }: Registry, project: Project, depotProjectId: string | null): string | null => {
  if (imagesOf === "project") return projectRepository(url, project)
  return imagesOf === "all-projects" || depotProjectId === null ? null : `${withoutScheme(url)}/${depotProjectId}`
}

/**
 * Why an image may not be run, or null. Images of other registries are allowed. In the operator's registry, which holds
 * the images of all projects and whose credentials all nodes have, a project may run images of its own repository only,
 * by digest, because a tag can be moved.
 */
export const imageRefusal = (
  image: ImageReference,
  registry: Registry | null,
  project: Project,
  depotProjectId: string | null
): string | null => {
  if (registry === null || !isWithin(ownLocation(registry.url), image)) return null
  const repository = Option.fromNullable(ownRepository(registry, project, depotProjectId))
  const own = Option.flatMap(repository, parseImageReference)
  const isOwn = Option.exists(own, ({ host, path }) => image.host === host && image.path === path)
  if (!isOwn) return "is in the registry of builds and not of this project"
  return image.digest === null ? "is in the registry of builds and must be named by its digest" : null
}

const isDepot = (registry: Registry | null) => registry?.imagesOf === "depot-project"

/** The image that a request names; fails with 400 when it is not an image reference. */
export const givenImage = (given: string) => {
  const image = given.trim()
  return Option.match(parseImageReference(image), {
    onNone: () => refusal("must be the reference of an image, such as registry.example.com/team/image:tag"),
    onSome: (reference) => Effect.succeed({ _tag: "Image" as const, image, reference })
  })
}

/**
 * Refuses with 400 another project's image in our registry. Run it in a step, so that the result is journaled: a worker
 * with another registry may continue the invocation.
 */
export const imageCheck = (reference: ImageReference, { projectId, workspaceId }: Deployment) =>
  Effect.map(Effect.all([DeploySettings, DeploymentStore]), ([{ registry }, deployments]) => {
    const depotProject = isDepot(registry)
      ? Effect.map(deployments.depotProject(projectId), Option.getOrNull)
      : Effect.succeed(null)
    return Effect.flatMap(depotProject, (depotProjectId) => {
      const problem = imageRefusal(reference, registry, { workspaceId, projectId }, depotProjectId)
      return problem === null ? Effect.void : Effect.fail(refusal(problem))
    })
  })
