// The writer: the header first, since all tensors are known, then their bytes in that order.
#include <algorithm>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/safetensors.hpp"
#include "safetensors_header.hpp"

namespace forgelm::formats {

struct SafetensorsWriter::Impl {
  std::vector<TensorInfo> order;
  DurableFile file;
  std::uint64_t num_expected = 0, num_written = 0;

  explicit Impl(const std::filesystem::path& path) : file(path) {}
};

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& path, std::vector<TensorInfo> tensors,
                                     const std::map<std::string, std::string>& metadata) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorInfo& a, const TensorInfo& b) {
    const int rank_a = layout_rank(a.type), rank_b = layout_rank(b.type);
    return rank_a != rank_b ? rank_a > rank_b : a.name < b.name;
  });
  const std::vector<std::uint32_t> by_name = sorted_by_name(tensors);
  for (std::size_t i = 1; i < by_name.size(); ++i)
    if (const std::string& name = tensors[by_name[i]].name; name == tensors[by_name[i - 1]].name)
      throw RunError(RunErrorKind::internal, cat(path.string(), ": two tensors of the name ", quote(name)));
  const std::string header = write_safetensors_header(tensors, metadata);
  impl_ = std::make_unique<Impl>(path);
  for (const TensorInfo& info : tensors) impl_->num_expected += info.num_bytes();
  impl_->order = std::move(tensors);
  impl_->file.write(header);
}

SafetensorsWriter::SafetensorsWriter(SafetensorsWriter&&) noexcept = default;
SafetensorsWriter::~SafetensorsWriter() = default;

const std::vector<TensorInfo>& SafetensorsWriter::order() const noexcept { return impl_->order; }

void SafetensorsWriter::write(std::string_view bytes) {
  if (bytes.size() > impl_->num_expected - impl_->num_written)
    throw RunError(RunErrorKind::internal,
                   cat(impl_->file.path().string(), ": more bytes than the ", impl_->num_expected, " of its tensors"));
  impl_->file.write(bytes);
  impl_->num_written += bytes.size();
}

void SafetensorsWriter::commit() {
  if (impl_->num_written != impl_->num_expected)
    throw RunError(RunErrorKind::internal, cat(impl_->file.path().string(), ": ", impl_->num_written, " bytes of the ",
                                               impl_->num_expected, " of its tensors"));
  impl_->file.commit();
}

}  // namespace forgelm::formats
