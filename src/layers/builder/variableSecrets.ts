import { Redacted } from "effect"
import type { Variables } from "../../services/BuildVariables.ts"
import { environmentFile } from "./environmentFile.ts"

/** The id of all variables as one file, which `RUN --mount=type=secret,id=.env` has at `/run/secrets/.env`. */
export const environmentFileSecret = ".env"

/** A build argument that holds this id, under the name that Unkey's own Dockerfiles ask for. */
export const environmentFileArgument = "UNKEY_SECRETS_ID"

/** Secrets that BuildKit looks for by itself, to log in where a Dockerfile's sources are: never one of a tenant's choice. */
const isAskedByDaemon = (name: string): boolean => /^(?:GIT|HTTP)_AUTH_/.test(name)

/** The secrets of a build by id: each variable under its name, and all of them as a file. */
export const variableSecrets = ({ values }: Variables): ReadonlyArray<readonly [string, Redacted.Redacted]> => {
  const texts = new Map(Array.from(values, ([name, value]) => [name, Redacted.value(value)]))
  const own = [...values].filter(([name]) => !isAskedByDaemon(name))
  return [...own, [environmentFileSecret, Redacted.make(environmentFile(texts))]]
}
