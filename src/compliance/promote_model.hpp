// The move of a staged model to its place.
#pragma once

#include <filesystem>

namespace forgelm::compliance {

/// Whether the move is a rename; otherwise the files have to be copied to another file system.
bool is_rename(const std::filesystem::path& staging, const std::filesystem::path& final_model);

/// Makes `final_model` appear with what `staging` holds, whole or not at all, and removes `staging`. `is_copied`: the
/// model is in its place already, and only the removal is left, as after a move across file systems that was stopped.
/// RunError when it cannot be; a second call goes on where it was.
void promote_model(const std::filesystem::path& staging, const std::filesystem::path& final_model,
                   bool is_copied = false);

}  // namespace forgelm::compliance
