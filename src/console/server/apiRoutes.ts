import { HttpRouter } from "@effect/platform"
import { about } from "./about.ts"
import { actionRoutes } from "./actions.ts"
import { buildRoutes } from "./builds.ts"
import { invocationRoutes } from "./invocations.ts"
import { listRoutes } from "./lists.ts"
import { subjectRoutes } from "./subjects.ts"

/** What `/api/` answers, for an authenticated user. */
export const apiRoutes = HttpRouter.empty.pipe(
  HttpRouter.get("/api/about", about),
  HttpRouter.concat(invocationRoutes),
  HttpRouter.concat(listRoutes),
  HttpRouter.concat(subjectRoutes),
  HttpRouter.concat(buildRoutes),
  HttpRouter.concat(actionRoutes)
)
