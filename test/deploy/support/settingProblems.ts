import { openTelemetryVariables } from "../../../src/config/openTelemetry.ts"
import { environmentName, settingsByPath } from "../../../src/config/Setting.ts"
import { fileVariable } from "../../../src/config/secretFiles.ts"
import { settings } from "../../../src/config/settings.ts"
import { configMapsOf, cronJobsOf, type KubernetesObject, podsOf, workloadsOf } from "./Manifest.ts"

/** Whether each variable that a worker reads is a secret. */
const ofWorker: ReadonlyMap<string, boolean> = new Map([
  ...Array.from(
    settingsByPath(settings),
    ([path, { kind }]) => [environmentName(path), kind.isSecret === true] as const
  ),
  // The name of a file is no secret.
  ...Array.from(settingsByPath(settings)).flatMap(([path, { kind }]) =>
    kind.isSecret === true ? [[fileVariable(path), false] as const] : []
  ),
  ...Object.entries(openTelemetryVariables).map(([name, { kind }]) => [name, kind.isSecret === true] as const),
  // Names the pod in the commands that the worker prints.
  ["POD_NAMESPACE", false]
])

/** What `cron` reads: a scheduler's job has nothing of a worker's configuration. */
const ofCron: ReadonlyMap<string, boolean> = new Map([
  ["RESTATE_INGRESS", false],
  ["RESTATE_API_KEY", true]
])

const settingsOf = (
  variables: ReadonlyMap<string, boolean>,
  name: string,
  isInline: boolean
): ReadonlyArray<string> => {
  const isSecret = variables.get(name)
  if (isSecret === undefined) return [`${name} is not read by it`]
  return isSecret && isInline ? [`${name} is a secret, and stands in the manifest`] : []
}

/** Variables that are not read, and secrets outside of Secrets, one line each. */
export const settingProblems = (objects: ReadonlyArray<KubernetesObject>): ReadonlyArray<string> => {
  const jobs = new Set(cronJobsOf(objects).map(({ metadata }) => metadata.name))
  const referred = workloadsOf(objects).flatMap(({ spec }) =>
    spec.template.spec.containers.flatMap(({ envFrom }) =>
      envFrom.flatMap(({ configMapRef }) => configMapRef?.name ?? [])
    )
  )
  const maps = configMapsOf(objects).filter(({ metadata }) => referred.includes(metadata.name))
  return [
    ...objects
      .filter(({ kind }) => kind === "Secret")
      .map(({ metadata }) => `${metadata.name} is a Secret in the open`),
    ...referred
      .filter((name) => !maps.some(({ metadata }) => metadata.name === name))
      .map((name) => `there is no ConfigMap ${name}`),
    ...maps.flatMap(({ data }) => Object.keys(data).flatMap((name) => settingsOf(ofWorker, name, true))),
    ...podsOf(objects).flatMap(({ owner, pod }) =>
      pod.spec.containers.flatMap(({ env }) =>
        env.flatMap(({ name, value }) =>
          settingsOf(jobs.has(owner) ? ofCron : ofWorker, name, value !== undefined).map((it) => `${owner}: ${it}`)
        )
      )
    )
  ]
}
