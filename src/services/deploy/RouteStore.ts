import { Context, type Effect, Schema } from "effect"
import type { DbFailure } from "../Db.ts"
import { Deployment } from "./Deployment.ts"

/** `frontline_routes.sticky`: which deployments a host name follows. */
export const Sticky = Schema.Literal("none", "branch", "environment", "live")
export type Sticky = typeof Sticky.Type

/** The columns of a deployment that order it against another one. */
export const RoutedDeployment = Schema.Struct({
  ...Deployment.pick("id", "projectId", "environmentId", "status", "desiredState", "createdAt").fields,
  /** Primary key: breaks ties between deployments of the same millisecond. */
  ordinal: Schema.Number
})
export type RoutedDeployment = typeof RoutedDeployment.Type

export const Route = Schema.Struct({
  id: Schema.String,
  fqdn: Schema.String,
  projectId: Schema.String,
  environmentId: Schema.String,
  sticky: Sticky,
  /** Null if the route has no deployment, or its deployment's row is gone. */
  deployment: Schema.NullOr(RoutedDeployment)
})
export type Route = typeof Route.Type

export const RoutedProject = Schema.Struct({
  id: Schema.String,
  liveDeploymentId: Schema.NullOr(Schema.String),
  isRolledBack: Schema.Boolean
})
export type RoutedProject = typeof RoutedProject.Type

/** Input of a routing decision, read under locks: nothing in it changes before the plan is written. */
export interface RoutingSnapshot {
  readonly project: RoutedProject | null
  readonly target: (RoutedDeployment & { readonly environmentSlug: string | null }) | null
  readonly live: RoutedDeployment | null
  /**
   * Routes with one of the requested names, of any project, and the target environment's `environment` and `live` routes, by
   * creation.
   */
  readonly routes: ReadonlyArray<Route>
}

/** What one transaction writes. `answer` is returned to the caller and not stored. */
export interface RoutingPlan<A> {
  readonly insert: ReadonlyArray<{ readonly id: string; readonly fqdn: string; readonly sticky: Sticky }>
  /** Ids of routes to point at the target. */
  readonly reassign: ReadonlyArray<string>
  readonly live: { readonly deploymentId: string; readonly isRolledBack: boolean } | null
  readonly answer: A
}

export interface RoutingRequest {
  readonly projectId: string
  readonly deploymentId: string
  readonly fqdns: ReadonlyArray<string>
  /** Unix milliseconds; the same on a repeat. */
  readonly at: number
}

/** The only writer of `frontline_routes` and of a project's live deployment. */
export class RouteStore extends Context.Tag("ctrl-worker/RouteStore")<
  RouteStore,
  {
    /** The project's live deployment. Null if there is none, or the project does not exist. */
    readonly liveDeployment: (projectId: string) => Effect.Effect<string | null, DbFailure>
    /**
     * Reads the snapshot under locks (project row first, then the deployments, then the routes), lets `decide` plan,
     * and writes the plan in the same transaction. `decide` may run more than once (deadlocks are retried), so it must be pure.
     */
    readonly transact: <A>(
      request: RoutingRequest,
      decide: (snapshot: RoutingSnapshot) => RoutingPlan<A>
    ) => Effect.Effect<A, DbFailure>
    /**
     * Points the project's routes with these ids at the deployment, in one statement. Skips unknown ids and routes of other
     * projects.
     */
    readonly assign: (assignment: {
      readonly projectId: string
      readonly deploymentId: string
      readonly routeIds: ReadonlyArray<string>
      readonly at: number
    }) => Effect.Effect<void, DbFailure>
  }
>() {}
