import { Redacted } from "effect"
import type { EnvironmentVariables } from "../../services/builds/BuildVariables.ts"
import { environmentFile } from "./environmentFile.ts"

/** The id of the secret file with all variables: `RUN --mount=type=secret,id=.env` mounts it at `/run/secrets/.env`. */
export const environmentFileSecret = ".env"

/** The build argument with that id, under the name that Unkey's own Dockerfiles use. */
export const environmentFileArgument = "UNKEY_SECRETS_ID"

/** Secrets that BuildKit itself uses to authenticate at a Dockerfile's sources: a tenant must not set them. */
const isAskedByDaemon = (name: string): boolean => /^(?:GIT|HTTP)_AUTH_/.test(name)

/** The secrets of a build by id: each variable under its name, and all of them as a file. */
export const variableSecrets = ({
  values
}: EnvironmentVariables): ReadonlyArray<readonly [string, Redacted.Redacted]> => {
  const texts = new Map(Array.from(values, ([name, value]) => [name, Redacted.value(value)]))
  const own = [...values].filter(([name]) => !isAskedByDaemon(name))
  return [...own, [environmentFileSecret, Redacted.make(environmentFile(texts))]]
}
