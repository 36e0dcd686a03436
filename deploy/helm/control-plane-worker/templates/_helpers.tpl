{{- /* The name of this version's objects: without the operator each version has its own. */}}
{{- define "control-plane-worker.fullname" -}}
{{- if .Values.restate.operator }}control-plane-worker{{ else }}control-plane-worker-{{ .Values.version }}{{ end }}
{{- end }}

{{- /* By tag, or by the digest that image.tag may be. */}}
{{- define "control-plane-worker.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{ .Values.image.repository }}{{ hasPrefix "sha256:" $tag | ternary "@" ":" }}{{ $tag }}
{{- end }}

{{- /* A digest is no value of a label. */}}
{{- define "control-plane-worker.version" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{ hasPrefix "sha256:" $tag | ternary .Chart.AppVersion $tag | trunc 63 }}
{{- end }}

{{- /* Labels of every object, beside its app.kubernetes.io/name. */}}
{{- define "control-plane-worker.labels" -}}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: control-plane-worker
app.kubernetes.io/version: {{ include "control-plane-worker.version" . | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | quote }}
{{- end }}

{{- /* The environment's variables of a tree of settings. A whole number is a float64 in Helm, which prints 1e+06. */}}
{{- define "control-plane-worker.variables" -}}
{{- range $key, $value := .tree }}
{{- $name := printf "%s_%s" $.prefix (upper $key) }}
{{- if kindIs "map" $value }}
{{- include "control-plane-worker.variables" (dict "prefix" $name "tree" $value) }}
{{- else if kindIs "slice" $value }}
{{ $name }}: {{ join "," $value | quote }}
{{- else if and (kindIs "float64" $value) (eq (floor $value) $value) }}
{{ $name }}: {{ printf "%.0f" $value | quote }}
{{- else if not (kindIs "invalid" $value) }}
{{ $name }}: {{ toString $value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The data of the ConfigMap. */}}
{{- define "control-plane-worker.settings" -}}
{{- $own := dict "WORKER_OBSERVABILITY_METRICS_PROMETHEUS_PORT" "9090" "WORKER_RESTATE_ADMIN_URL" .Values.restate.adminUrl "WORKER_RESTATE_INGRESS_URL" .Values.restate.ingressUrl }}
{{- if .Values.console.enabled }}
{{- $own = set $own "WORKER_CONSOLE_PORT" "9082" }}
{{- end }}
{{- $given := include "control-plane-worker.variables" (dict "prefix" "WORKER" "tree" .Values.config) | fromYaml }}
{{- merge $own $given | toYaml }}
{{- end }}

{{- define "control-plane-worker.podAnnotations" -}}
checksum/config: {{ include "control-plane-worker.settings" . | sha256sum }}
{{- with lookup "v1" "Secret" .Release.Namespace .Values.existingSecret }}
{{- /* Not of its data: who may read pods could try passwords against such a checksum. */}}
checksum/secret: {{ printf "%s/%s" .metadata.uid .metadata.resourceVersion | sha256sum }}
{{- end }}
{{- with .Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* The pod of a hook, which runs one command of the worker against Restate's admin API: `root` and `args`. */}}
{{- define "control-plane-worker.hookPod" -}}
restartPolicy: Never
enableServiceLinks: false
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: {{ first .args }}
    image: {{ include "control-plane-worker.image" .root }}
    args: {{ .args | toJson }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities:
        drop: [ALL]
    resources:
      requests:
        cpu: 50m
        memory: 128Mi
      limits:
        memory: 256Mi
    envFrom:
      - configMapRef:
          name: {{ include "control-plane-worker.fullname" .root }}
    env:
      - name: WORKER_RESTATE_API_KEY
        valueFrom:
          secretKeyRef:
            name: {{ .root.Values.existingSecret }}
            key: WORKER_RESTATE_API_KEY
            optional: true
{{- end }}
