#include "fuzz/gguf_invariants.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "forgelm/core/text.hpp"
#include "forgelm/formats/gguf.hpp"

namespace forgelm::test {
namespace {

using namespace formats;

class Check {
 public:
  explicit Check(std::string_view bytes) : bytes_(bytes) {}

  std::string run() {
    const auto header = parse_gguf_header(bytes_, limits_);
    if (!header) {
      const std::string& words = header.error().message;
      return words.empty()           ? "refused without words"
             : !is_valid_utf8(words) ? "words that are not UTF-8"
             : words.size() > 4096   ? "words without end"
                                     : "";
    }
    if (header->metadata.size() > limits_.max_metadata || header->tensors.size() > limits_.max_tensors)
      return "more than the limits allow";
    if (header->alignment == 0 || (header->alignment & (header->alignment - 1)) != 0)
      return "an alignment that is none";
    if (header->data_offset % header->alignment != 0) return "data that begins anywhere";
    check_metadata(*header);
    check_tensors(*header);
    return problem_;
  }

 private:
  void expect(bool holds, const char* promise) {
    if (!holds && problem_.empty()) problem_ = promise;
  }
  bool is_within(std::string_view view) const {
    return view.empty() || (view.data() >= bytes_.data() && view.data() + view.size() <= bytes_.data() + bytes_.size());
  }

  void check_value(GgufType type, const GgufValue& value, int depth) {
    if (const auto* const text = std::get_if<std::string_view>(&value)) {
      expect(type == GgufType::text && is_within(*text), "a text outside of the file");
    } else if (const auto* const array = std::get_if<GgufArray>(&value)) {
      expect(type == GgufType::array && depth < limits_.max_array_depth, "an array too deep");
      std::uint64_t num_seen = 0;
      array->for_each([&](const GgufValue& item) {
        ++num_seen;
        check_value(array->element(), item, depth + 1);
        return problem_.empty();
      });
      expect(num_seen == array->size() || !problem_.empty(), "an array of another length");
    } else {
      expect(type != GgufType::text && type != GgufType::array, "a number where a text or an array stands");
    }
  }

  void check_metadata(const GgufHeader& header) {
    std::set<std::string_view> keys;
    for (const GgufMetadata& pair : header.metadata) {
      expect(is_within(pair.key) && is_valid_utf8(pair.key) && keys.insert(pair.key).second,
             "a key that is not unique UTF-8");
      check_value(pair.type, pair.value, 0);
    }
    if (!header.metadata.empty())
      expect(header.find(header.metadata.back().key) == &header.metadata.back(), "a key that is not found");
  }

  void check_tensors(const GgufHeader& header) {
    std::set<std::string_view> names;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
    for (const GgufTensor& tensor : header.tensors) {
      expect(is_within(tensor.name) && is_valid_utf8(tensor.name) && names.insert(tensor.name).second,
             "a name that is not unique UTF-8");
      expect(tensor.type != nullptr && tensor.num_dimensions <= 4, "a tensor without a type or with too many sizes");
      if (!problem_.empty()) return;
      __extension__ unsigned __int128 blocks = tensor.sizes[0] / tensor.type->block_size;
      for (std::size_t k = 1; k < 4; ++k) blocks = tensor.sizes[k] == 0 ? 0 : blocks * tensor.sizes[k];
      expect(tensor.size_bytes == blocks * tensor.type->block_bytes, "a size that is not the product");
      expect((tensor.offset - header.data_offset) % header.alignment == 0, "a tensor that is not aligned");
      if (tensor.size_bytes == 0) continue;
      expect(tensor.offset >= header.data_offset && tensor.size_bytes <= bytes_.size() &&
                 tensor.offset <= bytes_.size() - tensor.size_bytes,
             "a tensor beyond the file");
      ranges.emplace_back(tensor.offset, tensor.offset + tensor.size_bytes);
    }
    std::sort(ranges.begin(), ranges.end());
    for (std::size_t i = 1; i < ranges.size(); ++i)
      expect(ranges[i].first >= ranges[i - 1].second, "tensors that overlap");
  }

  std::string_view bytes_;
  GgufLimits limits_;
  std::string problem_;
};

}  // namespace

std::string broken_gguf_promise(std::string_view bytes) { return Check(bytes).run(); }

}  // namespace forgelm::test
