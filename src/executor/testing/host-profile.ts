import { defaultCapabilities } from "../spec/capabilities.ts";
import { readHostFacts } from "../spec/host-facts.ts";
import { type SeccompProfile, seccompProfile } from "../spec/seccomp.ts";

/**
 * The filter that a pod with seccomp profile RuntimeDefault has on this machine: Docker's and containerd's default for a container's
 * default capabilities (no unshare, mount, setns, no new namespace by clone; clone3 is ENOSYS).
 */
export function hostProfile(): SeccompProfile {
  return seccompProfile(defaultCapabilities, readHostFacts());
}
