import { HttpRouter } from "@effect/platform"
import { about } from "./about.ts"

/** What `/api/` answers, for an authenticated user. */
export const apiRoutes = HttpRouter.empty.pipe(HttpRouter.get("/api/about", about))
