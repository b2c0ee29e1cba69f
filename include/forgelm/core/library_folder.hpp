// Where libforgelm.so stands: what is opened on first use (the tensor engine, the Parquet reader) is installed beside
// it.
#pragma once

#include <filesystem>

namespace forgelm {

/// The folder of libforgelm.so with symbolic links followed; empty when the loader does not tell, so that names
/// relative to it are looked for as the system looks for libraries.
std::filesystem::path library_folder();

}  // namespace forgelm
