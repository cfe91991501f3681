{{- define "sequitur.name" -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) | trunc 50 | trimSuffix "-" -}}
{{- end }}

{{- define "sequitur.selector" -}}
app.kubernetes.io/name: sequitur
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sequitur.labels" -}}
{{ include "sequitur.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "sequitur.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* The site's configuration: what is mounted where, then what the values say. */}}
{{- define "sequitur.config" -}}
{{- $site := dict
  "rules" (list) "lists" (list) "allowlists" (list)
  "services" (ternary "/etc/sequitur-site/services.yaml" "/etc/sequitur/services.yaml" (not (empty .Values.services)))
  "indicators" "/etc/sequitur/indicators.yaml"
  "http" (dict "listen" "0.0.0.0:9464") }}
{{- if .Values.shippedRules }}
{{- $_ := set $site "rules" (append $site.rules "/etc/sequitur/rules") }}
{{- $_ := set $site "lists" (append $site.lists "/etc/sequitur/lists") }}
{{- end }}
{{- range $kind := list "rules" "lists" "allowlists" }}
{{- if index $.Values $kind }}
{{- $_ := set $site $kind (append (index $site $kind) (printf "/etc/sequitur-site/%s" $kind)) }}
{{- end }}
{{- end }}
{{- toYaml (mergeOverwrite $site .Values.config) }}
{{- end }}

{{- define "sequitur.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "sequitur.container" -}}
image: {{ include "sequitur.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  - name: POD_NAME
    valueFrom: {fieldRef: {fieldPath: metadata.name}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
# A whole folder: a subPath would never see an edit.
volumeMounts:
  - {name: site, mountPath: /etc/sequitur-site, readOnly: true}
{{- range $name, $path := .Values.secrets }}
  - {name: secret-{{ $name }}, mountPath: {{ $path }}, readOnly: true}
{{- end }}
{{- end }}

{{- define "sequitur.volumes" -}}
- name: site
  projected:
    sources:
      - configMap: {name: {{ include "sequitur.name" . }}-site}
      {{- range $kind := list "rules" "lists" "allowlists" }}
      {{- with index $.Values $kind }}
      - configMap:
          name: {{ include "sequitur.name" $ }}-{{ $kind }}
          items:
            {{- range $file, $_ := . }}
            - {key: {{ $file }}, path: {{ $kind }}/{{ $file }}}
            {{- end }}
      {{- end }}
      {{- end }}
{{- range $name, $_ := .Values.secrets }}
- name: secret-{{ $name }}
  secret: {secretName: {{ $name }}, defaultMode: 0440}
{{- end }}
{{- end }}
