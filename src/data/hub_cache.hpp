// Where huggingface_hub keeps data sets on this machine:
//   $HF_HUB_CACHE | $HF_HOME/hub | $XDG_CACHE_HOME/huggingface/hub | ~/.cache/huggingface/hub
//     datasets--OWNER--NAME/refs/main          the commit that main was at, as text
//     datasets--OWNER--NAME/snapshots/COMMIT/  links to the files
// Only looked at, never written.
#pragma once

#include <filesystem>
#include <string>

namespace forgelm::data {

struct HubSnapshot {
  std::filesystem::path path;
  std::string revision;
};

/// The snapshot of main, or the only one there is. ConfigError, with what to do, when there is none.
HubSnapshot find_in_hub_cache(const std::string& name);

}  // namespace forgelm::data
