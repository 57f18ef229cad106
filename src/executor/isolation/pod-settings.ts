/** What a pod has to say for each rung, in words for hints; the whole lines are in docs/isolation.md. */
export const podSettings = {
  oci: "securityContext.privileged: true",
  rootless:
    "securityContext.runAsUser: 1000 with seccompProfile.type: Unconfined (and AppArmor Unconfined where there is AppArmor)",
  chroot: "root (runAsUser: 0) with the default capabilities, allowPrivilegeEscalation not false, nothing dropped",
} as const;

export const settingsHint = `in a pod: ${podSettings.chroot}; or ${podSettings.rootless}; or ${podSettings.oci} (docs/isolation.md)`;
