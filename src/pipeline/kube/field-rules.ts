/**
 * What the API server (1.36) wants of single fields, `Type.field rule`; a text that is absent is held against `needed` only. Facts of the published
 * API.
 *
 * - `needed`: neither absent nor empty
 * - `one A B`: one of these words
 * - `from 1`, `from 1 to 9`: a number in that range
 * - `label`, `subdomain`, `qualified`, `labelvalue`, `variable`, `header`, `portname`, `ip`, `sysctl`, `domain`: kinds of names
 * - `below`: a path that leads down, without `..`; `absolute`: one that begins with /; `nodots`: one without `..`
 * - `like REGEX`
 * - `Type exactly a b`, `Type atmost a b`: how many of these fields there must be
 */
export const fieldRules = `
AppArmorProfile.type one RuntimeDefault Unconfined Localhost
AppArmorProfile.localhostProfile like ^\\S(.*\\S)?$
ConfigMapEnvSource.name needed
ConfigMapKeySelector.key needed
ConfigMapKeySelector.name needed
ConfigMapVolumeSource.name needed
ConfigMapVolumeSource.defaultMode from 0 to 511
Container.imagePullPolicy one Always IfNotPresent Never
Container.image like ^\\S(.*\\S)?$
Container.name needed
Container.name label
Container.restartPolicy one Always Never OnFailure
Container.terminationMessagePolicy one File FallbackToLogsOnError
ContainerPort.containerPort from 1 to 65535
ContainerPort.hostPort from 0 to 65535
ContainerPort.name portname
ContainerPort.protocol one TCP UDP SCTP
ContainerResizePolicy.resourceName one cpu memory
ContainerResizePolicy.restartPolicy one NotRequired
CSIVolumeSource.driver needed
DownwardAPIVolumeFile exactly fieldRef resourceFieldRef
DownwardAPIVolumeFile.path needed
DownwardAPIVolumeFile.path below
EnvFromSource exactly configMapRef secretRef
EnvFromSource.prefix variable
EnvVar.name needed
EnvVar.name variable
EnvVarSource exactly fieldRef resourceFieldRef configMapKeyRef secretKeyRef fileKeyRef
EphemeralVolumeSource.volumeClaimTemplate needed
ExecAction.command needed
GRPCAction.port from 1 to 65535
HostAlias.hostnames subdomain
HostAlias.ip needed
HostAlias.ip ip
HostPathVolumeSource.path needed
HostPathVolumeSource.path nodots
HostPathVolumeSource.type one DirectoryOrCreate Directory FileOrCreate File Socket CharDevice BlockDevice
HTTPGetAction.port needed
HTTPGetAction.scheme one HTTP HTTPS
HTTPHeader.name header
ImageVolumeSource.pullPolicy one Always IfNotPresent Never
ImageVolumeSource.reference needed
KeyToPath.key needed
KeyToPath.mode from 0 to 511
KeyToPath.path needed
KeyToPath.path below
LifecycleHandler exactly exec httpGet tcpSocket sleep
NFSVolumeSource.path needed
NFSVolumeSource.path absolute
NFSVolumeSource.server needed
NodeSelector.nodeSelectorTerms needed
NodeSelectorRequirement.key needed
NodeSelectorRequirement.operator one In NotIn Exists DoesNotExist Gt Lt
ObjectFieldSelector.fieldPath like ^(metadata\\.(name|namespace|uid|labels|annotations)(\\[.*\\])?|spec\\.(nodeName|serviceAccountName)|status\\.(hostIPs?|podIPs?))$
PersistentVolumeClaimSpec.accessModes needed
PersistentVolumeClaimSpec.accessModes one ReadOnlyMany ReadWriteMany ReadWriteOnce ReadWriteOncePod
PersistentVolumeClaimVolumeSource.claimName needed
PodAffinityTerm.topologyKey needed
PodDNSConfig.nameservers ip
PodDNSConfig.searches domain
PodOS.name one linux windows
PodReadinessGate.conditionType qualified
PodResourceClaim exactly resourceClaimName resourceClaimTemplateName
PodSecurityContext.fsGroup from 0 to 2147483647
PodSecurityContext.fsGroupChangePolicy one Always OnRootMismatch
PodSecurityContext.runAsGroup from 0 to 2147483647
PodSecurityContext.runAsUser from 0 to 2147483647
PodSecurityContext.seLinuxChangePolicy one Recursive MountOption
PodSecurityContext.supplementalGroups from 0 to 2147483647
PodSecurityContext.supplementalGroupsPolicy one Merge Strict
PodSpec.activeDeadlineSeconds from 1 to 2147483647
PodSpec.dnsPolicy one ClusterFirstWithHostNet ClusterFirst Default None
PodSpec.hostname label
PodSpec.nodeName subdomain
PodSpec.preemptionPolicy one PreemptLowerPriority Never
PodSpec.priorityClassName subdomain
PodSpec.runtimeClassName subdomain
PodSpec.serviceAccountName subdomain
PodSpec.subdomain label
PreferredSchedulingTerm.weight from 1 to 100
Probe exactly exec httpGet tcpSocket grpc
Probe.failureThreshold from 0
Probe.initialDelaySeconds from 0
Probe.periodSeconds from 0
Probe.successThreshold from 0
Probe.terminationGracePeriodSeconds from 1
Probe.timeoutSeconds from 0
ProjectedVolumeSource.defaultMode from 0 to 511
ResourceFieldSelector.resource one limits.cpu limits.memory limits.ephemeral-storage requests.cpu requests.memory requests.ephemeral-storage
SeccompProfile.localhostProfile below
SeccompProfile.type one RuntimeDefault Unconfined Localhost
SecretEnvSource.name needed
SecretKeySelector.key needed
SecretKeySelector.name needed
SecretVolumeSource.defaultMode from 0 to 511
SecretVolumeSource.secretName needed
SecurityContext.procMount one Default Unmasked
SecurityContext.runAsGroup from 0 to 2147483647
SecurityContext.runAsUser from 0 to 2147483647
ServiceAccountTokenProjection.expirationSeconds from 600
ServiceAccountTokenProjection.path needed
SleepAction.seconds from 0
Sysctl.name sysctl
TCPSocketAction.port needed
Toleration.effect one NoSchedule PreferNoSchedule NoExecute
Toleration.key qualified
Toleration.operator one Equal Exists Lt Gt
TopologySpreadConstraint.maxSkew from 1
TopologySpreadConstraint.topologyKey needed
TopologySpreadConstraint.whenUnsatisfiable one DoNotSchedule ScheduleAnyway
Volume.name needed
Volume.name label
VolumeMount.mountPath needed
VolumeMount.mountPropagation one None HostToContainer Bidirectional
VolumeMount.name needed
VolumeMount.recursiveReadOnly one Disabled IfPossible Enabled
VolumeMount.subPath below
VolumeMount.subPathExpr below
VolumeProjection atmost secret downwardAPI configMap serviceAccountToken clusterTrustBundle podCertificate
WeightedPodAffinityTerm.weight from 1 to 100
`;
