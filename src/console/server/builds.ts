import { HttpRouter } from "@effect/platform"
import { Effect, Schema } from "effect"
import { buildFacts } from "../../operations/build/BuildFacts.ts"
import { BuildList } from "../../operations/lists/BuildList.ts"
import { BuildAnswer, BuildsAnswer } from "../api/builds.ts"
import { answering } from "./answers.ts"
import { asProblem } from "./asProblem.ts"
import { pageAnswer } from "./pageAnswer.ts"
import { pageParameters, pathParameter, queryOf } from "./parameters.ts"

const buildsAnswer = pageAnswer("database", BuildsAnswer)
const buildAnswer = answering(BuildAnswer)

const builds = Effect.gen(function* () {
  const { after, limit } = yield* queryOf(Schema.Struct(pageParameters))
  const list = yield* BuildList
  return yield* buildsAnswer(list.page({ after, limit }))
})

const build = Effect.gen(function* () {
  const id = yield* pathParameter("id")
  const { missing, ...facts } = yield* Effect.mapError(buildFacts(id), asProblem)
  return buildAnswer(facts, missing)
})

/** Builds, and the facts of the command `build`. */
export const buildRoutes = HttpRouter.empty.pipe(
  HttpRouter.get("/api/builds", builds),
  HttpRouter.get("/api/builds/:id", build)
)
