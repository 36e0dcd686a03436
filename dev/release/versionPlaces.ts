/** Where the version is written in a file: every match of `pattern`, of which there are `count`. */
export interface VersionPlace {
  readonly path: string
  readonly pattern: RegExp
  readonly count: number
}

const ofPackage = /(?<=^ {2}"version": ")[^"]+/gm

const fixedPlaces: ReadonlyArray<VersionPlace> = [
  { path: "package.json", pattern: /(?<=^ {2}"version": "|"effect-restate": ")\d[^"]*/gm, count: 2 },
  { path: "packages/effect-restate/package.json", pattern: ofPackage, count: 1 },
  {
    path: "package-lock.json",
    pattern:
      /(?<="name": "control-plane-worker",\n +"version": "|"packages\/effect-restate": \{\n +"version": "|"effect-restate": ")\d[^"]*/g,
    count: 4
  },
  { path: "Dockerfile", pattern: /(?<=^ARG VERSION=).+/gm, count: 1 },
  { path: "deploy/helm/control-plane-worker/Chart.yaml", pattern: /(?<=^(?:version|appVersion): ).+/gm, count: 2 },
  { path: "docs/image.md", pattern: /(?<=^\| `VERSION`, `REVISION` \| `)[^`]+/gm, count: 1 }
]

/** A kustomization that names the image has its tag once, and labels its objects with the same version. */
const tagAndLabel = /(?<=^ +(?:newTag|app\.kubernetes\.io\/version): ).+/gm

/** All places of the version, with these files as the kustomizations of `deploy/` that set the image. */
export const versionPlaces = (kustomizations: ReadonlyArray<string>): ReadonlyArray<VersionPlace> => [
  ...fixedPlaces,
  ...kustomizations.map((path) => ({ path, pattern: tagAndLabel, count: 2 }))
]

/** The versions that a text has at a place. */
export const versionsIn = (text: string, { pattern }: VersionPlace): ReadonlyArray<string> =>
  Array.from(text.matchAll(pattern), ([version]) => version)
