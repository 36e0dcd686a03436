import { bundleInto } from "./image/bundle.ts"

// docs/image.md says what a bundle saves.
await bundleInto("dist")
