#include "fuzz/safetensors_invariants.hpp"

#include "forgelm/core/text.hpp"
#include "formats/safetensors_header.hpp"

namespace forgelm::test {
namespace {

using namespace formats;

std::string broken_words(const Failure& failure) {
  if (failure.message.empty()) return "refused without words";
  if (!is_valid_utf8(failure.message)) return "words that are not UTF-8";
  return failure.message.size() > 4096 ? "words without end" : "";
}

std::string broken_index(std::string_view bytes) {
  const auto index = read_safetensors_index(bytes);
  if (!index) return broken_words(index.error());
  for (const auto& [name, file] : *index)
    if (file.find('/') != std::string::npos || file.find('\0') != std::string::npos || file == "." || file == "..")
      return "a file elsewhere";
  return index->empty() ? "an empty index" : "";
}

std::string broken_tensor(const TensorInfo& info) {
  if (info.name.size() > kMaxTensorNameBytes || !is_valid_utf8(info.name)) return "a name out of its limits";
  if (info.shape.size() > kMaxTensorDimensions) return "too many dimensions";
  __extension__ unsigned __int128 num_bytes = size_of(info.type);
  for (const std::int64_t size : info.shape) {
    if (size < 0) return "a negative dimension";
    num_bytes *= static_cast<std::uint64_t>(size);
    if (num_bytes >> 64 != 0) return "a size that 64 bits do not count";
  }
  return num_bytes == info.num_bytes() ? "" : "num_bytes() differs from the product";
}

}  // namespace

std::string broken_safetensors_promise(std::string_view bytes) {
  if (bytes.substr(0, 1) == "{") return broken_index(bytes);
  const auto header = read_safetensors_header(bytes);
  if (!header) return broken_words(header.error());
  const auto& tensors = header->tensors;
  if (tensors.size() != header->offsets.size() || tensors.size() != header->by_name.size())
    return "tables of two lengths";
  if (tensors.size() > kMaxSafetensors) return "too many tensors";

  std::uint64_t end = tensors.empty() ? bytes.size() : header->offsets.front();
  const std::uint64_t data_start = end;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (std::string what = broken_tensor(tensors[i]); !what.empty()) return what;
    if (header->offsets[i] != end) return "a gap or an overlap";
    end += tensors[i].num_bytes();
    if (end > bytes.size()) return "a tensor beyond the file";
  }
  if (end != bytes.size()) return "bytes that belong to no tensor";
  for (std::size_t i = 1; i < header->by_name.size(); ++i)
    if (!(tensors[header->by_name[i - 1]].name < tensors[header->by_name[i]].name)) return "names out of order";

  std::string again = write_safetensors_header(tensors, header->metadata);
  if (again.size() % 8 != 0) return "a header that is not padded";
  again += bytes.substr(data_start);
  const auto second = read_safetensors_header(again);
  if (!second) return cat("written again, refused: ", second.error().message);
  const bool is_same =
      second->tensors == tensors && second->metadata == header->metadata && second->by_name == header->by_name;
  return is_same ? "" : "written again, different";
}

}  // namespace forgelm::test
