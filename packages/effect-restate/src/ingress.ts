export * from "./ingress/Ingress.ts"
