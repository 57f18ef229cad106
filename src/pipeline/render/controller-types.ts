/** The controller's own types, in the notation of kube/schema-table.ts: its configuration file, and what the `kubernetes` plugin takes. */
export const controllerTypes = `
ControllerConfig debug:bool! job-ttl:duration! job-active-deadline-seconds:int! job-prefix:string!
  default-termination-grace-period-seconds:int! namespace:string! pod-spec-patch:*PodSpec job-creation-concurrency:int!
  agent-token-secret:string! image:string! max-in-flight:int! tags:[string! queue:string! prometheus-port:int!
  profiler-address:string! poll-interval:duration! http-timeout:duration! pagination-page-size:int!
  pagination-depth-limit:int! query-reset-interval:duration! enable-queue-pause:bool! work-queue-limit:int!
  enable-completion-watcher:bool! reservation-expiry-seconds:int! id:string! k8s-client-rate-limiter-qps:int!
  k8s-client-rate-limiter-burst:int! image-pull-backoff-grace-period:duration! job-cancel-checker-poll-interval:duration!
  empty-job-grace-period:duration! pod-pending-timeout:duration! workspace-volume:*Volume
  workspace-mount-sub-path-expr:string! agent-config:*AgentConfig default-checkout-params:*CheckoutParams
  default-command-params:*CommandParams default-sidecar-params:*SidecarParams default-metadata:Metadata
  additional-redacted-vars:[string! resource-classes:{ResourceClass! default-resource-class-name:string!
  default-image-pull-policy:string! default-image-check-pull-policy:string! skip-image-check-containers:bool!
  image-check-container-cpu-limit:string! image-check-container-memory-limit:string! prohibit-kubernetes-plugin:bool!
  allow-pod-spec-patch-unsafe-command-modification:bool! integration-test-buildkite-token:string!
  graphql-endpoint:string! log-format:string! no-color:bool! log-level:string! log-http-payloads:bool!
AgentConfig endpoint:*string no-http2:*bool experiment:[string shell:*string no-color:*bool strict-single-hooks:*bool
  no-multipart-artifact-upload:*bool trace-context-encoding:*string tracing-backend:*string tracing-service-name:*string
  tracing-propagate-traceparent:*bool disable-warnings-for:[string debug-signing:*bool
  git-skip-fetch-existing-commits:*bool container-start-timeout:*duration no-pty:*bool no-command-eval:*bool
  no-local-hooks:*bool no-plugins:*bool plugin-validation:*bool signing-jwks-file:*string signing-jwks-key-id:*string
  signingJWKSVolume:*Volume hooks-path:*string hooksVolume:*Volume additional-hooks-paths:[string
  additional-hooks:[AdditionalHook plugins-path:*string pluginsVolume:*Volume verification-jwks-file:*string
  verification-failure-behavior:*string verificationJWKSVolume:*Volume
AdditionalHook path:string volume:*Volume
CheckoutParams skip:*bool checkoutFlags:*string cleanFlags:*string cloneFlags:*string fetchFlags:*string
  noSubmodules:*bool submoduleCloneConfig:[string gitMirrors:*GitMirrorsParams
  gitCredentialsSecret:*SecretVolumeSource envFrom:[EnvFromSource extraVolumeMounts:[VolumeMount
GitMirrorsParams path:*string volume:*Volume cloneFlags:*string lockTimeout:int skipUpdate:*bool
CommandParams interposer:string envFrom:[EnvFromSource extraVolumeMounts:[VolumeMount
SidecarParams envFrom:[EnvFromSource extraVolumeMounts:[VolumeMount
Metadata annotations:{string labels:{string
ResourceClass resource:*ResourceRequirements podResource:*ResourceRequirements nodeSelector:{string
KubernetesPlugin podSpec:*PodSpec podSpecPatch:*PodSpec podTemplate:string gitEnvFrom:[EnvFromSource
  sidecars:[Container metadata:Metadata extraVolumeMounts:[VolumeMount checkout:*CheckoutParams
  commandParams:*CommandParams sidecarParams:*SidecarParams jobActiveDeadlineSeconds:int
`;
