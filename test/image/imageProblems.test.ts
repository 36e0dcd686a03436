import { assert, describe, it } from "@effect/vitest"
import { type ImageFacts, type ImageFile, parseListing } from "../../dev/image/ImageFacts.ts"
import { imageProblems, largestImage } from "../../dev/image/imageProblems.ts"

const file = (path: string, change: Partial<ImageFile> = {}): ImageFile => ({
  mode: "-rw-r--r--",
  uid: 0,
  gid: 0,
  bytes: 1,
  path,
  ...change
})

const needed = [
  file("app/dist/main.js"),
  file("app/dist/sbom.cdx.json"),
  file("usr/local/bin/node", { mode: "-rwxr-xr-x" })
]

const sound: ImageFacts = {
  digest: "sha256:0",
  compressedBytes: 60_000_000,
  uncompressedBytes: largestImage,
  user: "65532:65532",
  entrypoint: ["/usr/local/bin/node", "--disable-sigusr1", "/app/dist/main.js"],
  command: ["serve"],
  stopSignal: "SIGTERM",
  labels: {
    "org.opencontainers.image.title": "t",
    "org.opencontainers.image.version": "1",
    "org.opencontainers.image.revision": "r",
    "org.opencontainers.image.base.name": "b"
  },
  files: [
    ...needed,
    file("tmp", { mode: "drwxrwxrwt" }),
    file("var/mail", { mode: "drwxrwsr-x", gid: 8 }),
    file("dev/null", { mode: "crw-rw-rw-" }),
    file("bin", { mode: "lrwxrwxrwx" }),
    file("home/nonroot", { mode: "drwx------", uid: 65532, gid: 65532 })
  ]
}

const withFile = (path: string, change: Partial<ImageFile>) => ({ files: [...sound.files, file(path, change)] })

const unsound: ReadonlyArray<readonly [string, Partial<ImageFacts>, string]> = [
  ["is too large", { uncompressedBytes: largestImage + 1 }, "250.0 MB unpacked, more than 250 MB"],
  ["runs as root", { user: "" }, 'user "": Kubernetes takes only a number for other than root'],
  ["runs as root by number", { user: "0:0" }, 'user "0:0": Kubernetes takes only a number for other than root'],
  ["names its user", { user: "node" }, 'user "node": Kubernetes takes only a number for other than root'],
  [
    "opens an inspector on a signal",
    { entrypoint: ["/usr/local/bin/node", "/app/dist/main.js"] },
    "SIGUSR1 opens an inspector"
  ],
  [
    "finds its program by PATH",
    { entrypoint: ["node", "--disable-sigusr1"] },
    "the entry point is not a program by its full path"
  ],
  ["has no default command", { command: [] }, 'without arguments it runs ""'],
  ["is stopped otherwise", { stopSignal: "SIGKILL" }, 'it is stopped with "SIGKILL"'],
  [
    "says nothing of its base",
    { labels: { ...sound.labels, "org.opencontainers.image.base.name": "" } },
    "no label org.opencontainers.image.base.name"
  ],
  [
    "lacks its bill of materials",
    { files: needed.filter(({ path }) => !path.endsWith(".json")) },
    "app/dist/sbom.cdx.json is missing"
  ],
  ["has a program that runs as root", withFile("usr/bin/su", { mode: "-rwsr-xr-x" }), "usr/bin/su runs as its owner"],
  ["has one that runs as a group", withFile("usr/bin/wall", { mode: "-rwxr-sr-x" }), "usr/bin/wall runs as its owner"],
  ["has a world-writable file", withFile("etc/x", { mode: "-rw-rw-rw-" }), "etc/x is world-writable"],
  ["has a world-writable folder", withFile("srv", { mode: "drwxrwxrwx" }), "srv is world-writable"],
  ["owns what it runs", withFile("app/x.js", { uid: 65532, gid: 65532 }), "app/x.js belongs to 65532:65532"],
  [
    "lets a group change it",
    withFile("usr/local/bin/x", { mode: "-rwxrwxr-x" }),
    "usr/local/bin/x may be written by its group"
  ],
  [
    "can be read by its owner only",
    withFile("app/dist/x.js", { mode: "-rw-r-----" }),
    "app/dist/x.js is not world-readable"
  ],
  [
    "has a folder for its owner only",
    withFile("app/dist/x", { mode: "drwxr--r--" }),
    "app/dist/x is not world-readable"
  ],
  [
    "brings the bundler",
    withFile("app/node_modules/esbuild", { mode: "drwxr-xr-x" }),
    "app/node_modules/esbuild is for development only"
  ],
  ["brings a registry's settings", withFile("app/.npmrc", {}), "app/.npmrc is for development only"]
]

describe("the problems of an image", () => {
  it("are none where it is as promised", () => assert.deepStrictEqual(imageProblems(sound), []))

  for (const [what, change, problem] of unsound)
    it(`show an image that ${what}`, () => assert.deepStrictEqual(imageProblems({ ...sound, ...change }), [problem]))
})

describe("a line of tar's listing", () => {
  const lines: ReadonlyArray<readonly [string, ImageFile | undefined]> = [
    [
      "-rwxr-xr-x 0/0       126595440 2026-11-25 06:04 usr/local/bin/node",
      { mode: "-rwxr-xr-x", uid: 0, gid: 0, bytes: 126_595_440, path: "usr/local/bin/node" }
    ],
    [
      "drwxrwxrwt 0/0               0 2026-11-25 06:04 ./tmp/",
      { mode: "drwxrwxrwt", uid: 0, gid: 0, bytes: 0, path: "tmp" }
    ],
    [
      "lrwxrwxrwx 0/0               0 2026-11-25 06:04 bin/sh -> dash",
      { mode: "lrwxrwxrwx", uid: 0, gid: 0, bytes: 0, path: "bin/sh" }
    ],
    [
      "hrw-r--r-- 0/0               0 2026-11-25 06:04 a b link to c",
      { mode: "hrw-r--r--", uid: 0, gid: 0, bytes: 0, path: "a b" }
    ],
    [
      "crw-rw-rw- 0/5             1,3 2026-11-25 06:04 dev/null",
      { mode: "crw-rw-rw-", uid: 0, gid: 5, bytes: 0, path: "dev/null" }
    ],
    ["", undefined]
  ]
  for (const [text, parsed] of lines)
    it(`"${text}" is ${parsed === undefined ? "nothing" : parsed.path}`, () =>
      assert.deepStrictEqual(parseListing(text), parsed))
})
