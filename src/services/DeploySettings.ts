import { Context } from "effect"

/** What an operator decides about deployments, the same for all of them. */
export class DeploySettings extends Context.Tag("ctrl-worker/DeploySettings")<
  DeploySettings,
  {
    /** Domain below which generated host names live. */
    readonly apex: string
    /** Image of sentinels. */
    readonly sentinelImage: string
    /** Regions used when an environment configures none. When not empty, other ones must be known to frontline. */
    readonly availableRegions: ReadonlyArray<string>
    /** Milliseconds for which all instances of a region may be failed without a break before their deploy fails. */
    readonly failureGrace: number
    /**
     * The registry that builds push to, null when there is none. A project's images are in a repository with its name, in
     * one with the name of its Depot project, or in one with those of all projects.
     */
    readonly registry: {
      readonly url: string
      readonly imagesOf: "project" | "depot-project" | "all-projects"
    } | null
  }
>() {}
