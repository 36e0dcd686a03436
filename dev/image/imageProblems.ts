import type { ImageFacts, ImageFile } from "./ImageFacts.ts"

/** Megabytes of 1,000,000 bytes, as registries and Docker show them. */
export const megabyte = 1_000_000

/** Limit of the unpacked size, so that the compressed size is within it as well. */
export const largestImage = 250 * megabyte

/** Links have no mode of their own, and the runtime mounts its own `/dev`. */
const hasRights = ({ mode }: ImageFile) => /^[-dsp]/.test(mode)
const isDirectory = ({ mode }: ImageFile) => mode.startsWith("d")

/** An attacker inside the worker must not be able to change what runs next or gain privileges. */
const problemOf = (file: ImageFile): string | undefined => {
  const [owner, group, others] = [file.mode.slice(1, 4), file.mode.slice(4, 7), file.mode.slice(7, 10)]
  if (!hasRights(file)) return undefined
  if (/s/i.test(owner) || (/s/i.test(group) && !isDirectory(file))) return `${file.path} runs as its owner`
  const isSticky = /t/i.test(others)
  if (others.includes("w") && !(isDirectory(file) && isSticky)) return `${file.path} is world-writable`
  const isOurs = /^(?:app|usr\/local)(?:\/|$)/.test(file.path)
  if (isOurs && (file.uid !== 0 || file.gid !== 0)) return `${file.path} belongs to ${file.uid}:${file.gid}`
  if (isOurs && group.includes("w")) return `${file.path} may be written by its group`
  // A cluster may choose another user id.
  if (isOurs && !others.startsWith(isDirectory(file) ? "r-x" : "r")) return `${file.path} is not world-readable`
  return undefined
}

/** Development files that an image must not contain. */
const developmentOnly = /(?:^|\/)(?:\.npmrc|\.env|\.git|package-lock\.json|esbuild|typescript|vitest|test|src)(?:\/|$)/

const isDevelopment = ({ path }: ImageFile) => path.startsWith("app/") && developmentOnly.test(path)

/** Problems of an image; empty if there are none. */
export const imageProblems = (facts: ImageFacts): ReadonlyArray<string> => {
  const problems: Array<string> = []
  if (facts.uncompressedBytes > largestImage)
    problems.push(
      `${(facts.uncompressedBytes / megabyte).toFixed(1)} MB unpacked, more than ${largestImage / megabyte} MB`
    )
  if (!/^[1-9]\d*(?::[1-9]\d*)?$/.test(facts.user))
    problems.push(`user "${facts.user}": Kubernetes takes only a number for other than root`)
  const [program] = facts.entrypoint
  if (program === undefined || !program.startsWith("/"))
    problems.push("the entry point is not a program by its full path")
  // A process that may send signals could open an inspector and read the heap.
  if (!facts.entrypoint.includes("--disable-sigusr1")) problems.push("SIGUSR1 opens an inspector")
  if (facts.command.join() !== "serve") problems.push(`without arguments it runs "${facts.command.join(" ")}"`)
  if (facts.stopSignal !== "SIGTERM") problems.push(`it is stopped with "${facts.stopSignal}"`)
  for (const label of ["title", "version", "revision", "base.name"])
    if (!facts.labels[`org.opencontainers.image.${label}`]) problems.push(`no label org.opencontainers.image.${label}`)
  for (const required of ["app/dist/main.js", "app/dist/sbom.cdx.json", "usr/local/bin/node"])
    if (!facts.files.some(({ path }) => path === required)) problems.push(`${required} is missing`)
  problems.push(...facts.files.flatMap((file) => problemOf(file) ?? []))
  problems.push(...facts.files.filter(isDevelopment).map(({ path }) => `${path} is for development only`))
  return problems
}
