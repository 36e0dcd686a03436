import { Effect, Option } from "effect"
import { AboutAnswer } from "../api/about.ts"
import { answering } from "./answers.ts"
import { ConsoleSettings } from "./ConsoleSettings.ts"
import { CurrentUser } from "./identify.ts"

const answer = answering(AboutAnswer)

/** `GET /api/about`. */
export const about = Effect.gen(function* () {
  const { actions, restateUi, sources, token, traceUrl, version } = yield* ConsoleSettings
  const { name } = yield* CurrentUser
  return answer({
    version,
    actions,
    user: name,
    hasLogin: name === null && Option.isSome(token),
    traceUrl,
    restateUi,
    sources
  })
})
