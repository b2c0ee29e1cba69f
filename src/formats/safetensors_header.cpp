// Reading: a scanner over exactly the JSON that a header may be (two levels of objects, texts, whole numbers), then the
// checks that need all tensors at once. What would be ignored is refused: a member of a tensor that nobody knows may
// change what its bytes mean.
#include "safetensors_header.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::formats {
namespace {

constexpr std::size_t kLengthBytes = 8;

struct TypeRow {
  TensorType type;
  std::string_view name;
  std::size_t size_bytes;
};
// In the reference's order: what stands later is laid out first.
constexpr TypeRow kTypes[] = {
    {TensorType::boolean, "BOOL", 1},
    {TensorType::uint8, "U8", 1},
    {TensorType::int8, "I8", 1},
    {TensorType::float8_e5m2, "F8_E5M2", 1},
    {TensorType::float8_e4m3, "F8_E4M3", 1},
    {TensorType::int16, "I16", 2},
    {TensorType::uint16, "U16", 2},
    {TensorType::float16, "F16", 2},
    {TensorType::bfloat16, "BF16", 2},
    {TensorType::int32, "I32", 4},
    {TensorType::uint32, "U32", 4},
    {TensorType::float32, "F32", 4},
    {TensorType::float64, "F64", 8},
    {TensorType::int64, "I64", 8},
    {TensorType::uint64, "U64", 8},
};

const TypeRow& row_of(TensorType type) noexcept {
  return *std::find_if(std::begin(kTypes), std::end(kTypes), [type](const TypeRow& row) { return row.type == type; });
}

/// a * b, or nothing when 64 bits do not hold it.
std::optional<std::uint64_t> checked_product(std::uint64_t a, std::uint64_t b) {
  if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b) return std::nullopt;
  return a * b;
}

std::optional<std::uint64_t> checked_num_bytes(const TensorInfo& info) {
  std::optional<std::uint64_t> product = size_of(info.type);
  for (const std::int64_t size : info.shape) {
    if (size < 0) return std::nullopt;
    if (product) product = checked_product(*product, static_cast<std::uint64_t>(size));
  }
  return product;
}

struct Range {
  std::uint64_t begin = 0, end = 0;
};

/// A tensor as the header has it.
struct Entry {
  TensorInfo info;
  Range range;
};

class HeaderScanner {
 public:
  explicit HeaderScanner(std::string_view text) : text_(text) {}

  bool run() {
    const bool ok = read_members([this](std::string& key) {
      if (key == "__metadata__") return read_metadata();
      if (entries.size() == kMaxSafetensors) return fail(cat("more than ", grouped(kMaxSafetensors), " tensors"));
      if (key.size() > kMaxTensorNameBytes)
        return fail(cat("a tensor's name of ", grouped(static_cast<std::int64_t>(key.size())), " bytes, more than ",
                        kMaxTensorNameBytes, ": ", quote(key, 40)));
      Entry entry;
      entry.info.name = std::move(key);
      if (!read_tensor(entry)) return false;
      entries.push_back(std::move(entry));
      return true;
    });
    if (!ok) return false;
    skip_space();
    return at_ == text_.size() || fail("something follows its end");
  }

  std::vector<Entry> entries;
  std::map<std::string, std::string> metadata;
  std::string failure;

 private:
  bool fail(std::string_view what) {
    failure = cat("its header is broken at byte ", at_, ": ", what);
    return false;
  }
  bool fail_in(const Entry& entry, std::string_view what) {
    return fail(cat("tensor ", quote(entry.info.name), ": ", what));
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }
  bool next_is(char c) {
    skip_space();
    return at_ < text_.size() && text_[at_] == c;
  }
  bool take(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }
  bool expect(char c) { return take(c) || fail(cat("expected ", quote(std::string_view(&c, 1)))); }

  /// {"key": <read_value(key)>, ...}
  template <class ReadValue>
  bool read_members(ReadValue read_value) {
    if (!expect('{')) return false;
    if (take('}')) return true;
    do {
      std::string key;
      if (!read_text(key) || !expect(':') || !read_value(key)) return false;
    } while (take(','));
    return expect('}');
  }

  /// [<read_value()>, ...]
  template <class ReadValue>
  bool read_items(ReadValue read_value) {
    if (!expect('[')) return false;
    if (take(']')) return true;
    do {
      if (!read_value()) return false;
    } while (take(','));
    return expect(']');
  }

  bool read_metadata() {
    if (has_metadata_) return fail("a second \"__metadata__\"");
    has_metadata_ = true;
    skip_space();
    if (text_.substr(at_, 4) == "null") return at_ += 4, true;
    return read_members([this](std::string& key) {
      std::string value;
      if (!read_text(value)) return false;
      const auto [where, is_new] = metadata.emplace(std::move(key), std::move(value));
      return is_new || fail(cat("the key ", quote(where->first), " appears twice in \"__metadata__\""));
    });
  }

  bool read_tensor(Entry& entry) {
    enum Seen : unsigned { kDtype = 1, kShape = 2, kOffsets = 4 };
    unsigned seen = 0;
    const auto is_first = [&](Seen member, const std::string& key) {
      if ((seen & member) != 0) return fail_in(entry, cat(quote(key), " appears twice"));
      seen |= member;
      return true;
    };
    const bool ok = read_members([&](const std::string& key) {
      if (key == "dtype") return is_first(kDtype, key) && read_type(entry);
      if (key == "shape") return is_first(kShape, key) && read_shape(entry);
      if (key == "data_offsets") return is_first(kOffsets, key) && read_offsets(entry);
      return fail_in(entry, cat("the member ", quote(key), " is not known (known: dtype, shape, data_offsets)"));
    });
    if (!ok) return false;
    if (seen != (kDtype | kShape | kOffsets))
      return fail_in(entry, cat("it has no ", (seen & kDtype) == 0   ? "dtype"
                                              : (seen & kShape) == 0 ? "shape"
                                                                     : "data_offsets"));
    return true;
  }

  bool read_type(Entry& entry) {
    std::string name;
    if (!read_text(name)) return false;
    const auto* const row = std::find_if(std::begin(kTypes), std::end(kTypes),
                                         [&name](const TypeRow& known) { return known.name == name; });
    if (row != std::end(kTypes)) return entry.info.type = row->type, true;
    std::vector<std::string_view> known;
    for (const TypeRow& each : kTypes) known.push_back(each.name);
    return fail_in(entry,
                   cat("the dtype ", quote(name, 40), " is not one that is read here (", join(known, ", "), ")"));
  }

  bool read_shape(Entry& entry) {
    return read_items([&] {
      std::uint64_t size = 0;
      if (!read_number(size)) return false;
      if (entry.info.shape.size() == kMaxTensorDimensions)
        return fail_in(entry, cat("more than ", kMaxTensorDimensions, " dimensions"));
      if (!std::in_range<std::int64_t>(size)) return fail_in(entry, cat("a dimension of ", size));
      entry.info.shape.push_back(static_cast<std::int64_t>(size));
      return true;
    });
  }

  bool read_offsets(Entry& entry) {
    return expect('[') && read_number(entry.range.begin) && expect(',') && read_number(entry.range.end) && expect(']');
  }

  /// A whole number as JSON has it: no sign, no zeros before it, no fraction, no exponent.
  bool read_number(std::uint64_t& out) {
    skip_space();
    const std::size_t start = at_;
    out = 0;
    for (; at_ < text_.size() && is_ascii_digit(text_[at_]); ++at_) {
      const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
      const auto tenfold = checked_product(out, 10);
      if (!tenfold || *tenfold > std::numeric_limits<std::uint64_t>::max() - digit)
        return fail("a number beyond 64 bits");
      out = *tenfold + digit;
    }
    const bool has_zeros_before = at_ - start > 1 && text_[start] == '0';
    const bool goes_on = at_ < text_.size() && (text_[at_] == '.' || text_[at_] == 'e' || text_[at_] == 'E');
    if (at_ == start || has_zeros_before || goes_on) return fail("expected a whole number, at least 0");
    return true;
  }

  bool read_text(std::string& out) {
    if (!expect('"')) return false;
    while (at_ < text_.size()) {
      const std::size_t start = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             static_cast<unsigned char>(text_[at_]) >= 0x20)
        ++at_;
      out.append(text_, start, at_ - start);
      if (at_ == text_.size()) break;
      if (text_[at_] == '"') return ++at_, true;
      if (text_[at_] != '\\') return fail("a control character in a text");
      if (!read_escape(out)) return false;
    }
    return fail("a text without its end");
  }

  bool read_escape(std::string& out) {
    static constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const char letter = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (const std::size_t index = kLetters.find(letter); letter != '\0' && index != std::string_view::npos) {
      out += kMeanings[index];
      at_ += 2;
      return true;
    }
    auto unit = letter == 'u' ? read_unit() : std::nullopt;
    if (!unit) return fail("a broken escape in a text");
    if (*unit >= 0xD800 && *unit < 0xDC00) {
      const bool has_second = text_.substr(at_, 2) == "\\u";
      const auto low = has_second ? read_unit() : std::nullopt;
      if (!low || *low < 0xDC00 || *low >= 0xE000) return fail("half of a surrogate pair in a text");
      unit = 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00);
    } else if (*unit >= 0xDC00 && *unit < 0xE000) {
      return fail("half of a surrogate pair in a text");
    }
    append_utf8(out, *unit);
    return true;
  }

  /// The number in \uXXXX at the current place, which is stepped over.
  std::optional<char32_t> read_unit() {
    if (text_.size() - at_ < 6) return std::nullopt;
    char32_t value = 0;
    for (const char c : text_.substr(at_ + 2, 4)) {
      const char lower = ascii_lower(c);
      if (is_ascii_digit(c)) value = value * 16 + static_cast<char32_t>(c - '0');
      else if (lower >= 'a' && lower <= 'f') value = value * 16 + static_cast<char32_t>(lower - 'a' + 10);
      else return std::nullopt;
    }
    at_ += 6;
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool has_metadata_ = false;
};

std::uint64_t read_length(std::string_view file) {
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) length = length << 8 | static_cast<unsigned char>(file[i]);
  return length;
}

/// "" or what is wrong with where the tensors, sorted by place, say that their bytes are.
std::string broken_layout(const std::vector<Entry>& entries, std::uint64_t num_data_bytes) {
  std::uint64_t expected = 0;
  for (const auto& [info, range] : entries) {
    const auto of_tensor = [&info = info] { return cat("tensor ", quote(info.name), ": "); };
    const auto size_bytes = checked_num_bytes(info);
    if (!size_bytes)
      return cat(of_tensor(), "its shape [", join(info.shape, ", "), "] has more bytes than 64 bits count");
    if (range.end < range.begin || range.end - range.begin != *size_bytes)
      return cat(of_tensor(), "its data_offsets [", range.begin, ", ", range.end, "] are not the ", *size_bytes,
                 " bytes of its dtype and shape [", join(info.shape, ", "), "]");
    if (range.begin != expected)
      return cat(of_tensor(), "its data begin at byte ", range.begin, " of the data, ",
                 range.begin < expected ? "inside the tensor before, which ends at " : "after a hole that begins at ",
                 expected);
    if (range.end > num_data_bytes)
      return cat(of_tensor(), "its data end at byte ", range.end, " of the data, of which the file holds ",
                 num_data_bytes);
    expected = range.end;
  }
  if (expected != num_data_bytes)
    return cat("the tensors take ", expected, " bytes, and the file holds ", num_data_bytes, " behind its header");
  return {};
}

}  // namespace

std::size_t size_of(TensorType type) noexcept { return row_of(type).size_bytes; }
int layout_rank(TensorType type) noexcept { return static_cast<int>(&row_of(type) - std::begin(kTypes)); }

std::uint64_t TensorInfo::num_bytes() const {
  if (const auto size_bytes = checked_num_bytes(*this)) return *size_bytes;
  throw RunError(RunErrorKind::internal,
                 cat("tensor ", quote(name), ": no tensor has the shape [", join(shape, ", "), "]"));
}

std::vector<std::uint32_t> sorted_by_name(const std::vector<TensorInfo>& tensors) {
  std::vector<std::uint32_t> out(tensors.size());
  std::iota(out.begin(), out.end(), 0u);
  std::sort(out.begin(), out.end(),
            [&tensors](std::uint32_t a, std::uint32_t b) { return tensors[a].name < tensors[b].name; });
  return out;
}

Result<SafetensorsHeader> read_safetensors_header(std::string_view file) {
  const auto failure = [](std::string what) { return Failure{std::move(what)}; };
  if (file.size() < kLengthBytes)
    return failure(
        cat("it has ", file.size(), " bytes, fewer than the ", kLengthBytes, " that tell the header's length"));
  const std::uint64_t length = read_length(file);
  if (length > kMaxSafetensorsHeaderBytes)
    return failure(cat("its header would have ", length, " bytes, more than ",
                       grouped(static_cast<std::int64_t>(kMaxSafetensorsHeaderBytes))));
  if (length > file.size() - kLengthBytes)
    return failure(cat("its header would have ", length, " bytes, and the file has ", file.size()));
  const std::string_view text = file.substr(kLengthBytes, length);
  if (const std::size_t at = find_invalid_utf8(text); at != std::string_view::npos)
    return failure(cat("its header is broken at byte ", at, ": not UTF-8"));
  HeaderScanner scanner(text);
  if (!scanner.run()) return failure(std::move(scanner.failure));

  std::vector<Entry>& entries = scanner.entries;
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.range.begin, a.range.end) < std::pair(b.range.begin, b.range.end);
  });
  const std::uint64_t data_start = kLengthBytes + length;
  if (std::string what = broken_layout(entries, file.size() - data_start); !what.empty())
    return failure(std::move(what));

  SafetensorsHeader out;
  out.metadata = std::move(scanner.metadata);
  out.tensors.reserve(entries.size());
  out.offsets.reserve(entries.size());
  for (Entry& entry : entries) {
    out.offsets.push_back(data_start + entry.range.begin);
    out.tensors.push_back(std::move(entry.info));
  }
  out.by_name = sorted_by_name(out.tensors);
  for (std::size_t i = 1; i < out.by_name.size(); ++i)
    if (const std::string& name = out.tensors[out.by_name[i]].name; name == out.tensors[out.by_name[i - 1]].name)
      return failure(cat("it has two tensors of the name ", quote(name)));
  return out;
}

Result<std::map<std::string, std::string>> read_safetensors_index(std::string_view json) {
  const auto parsed = parse_json(json, {.max_bytes = kMaxSafetensorsHeaderBytes, .max_depth = 8});
  if (!parsed) return parsed.error();
  const Json* weight_map = parsed->find("weight_map");
  if (weight_map == nullptr || weight_map->kind() != Json::Kind::object)
    return Failure{"it has no object \"weight_map\" from tensors to files"};
  static constexpr std::string_view kEnding = ".safetensors", kForbidden("/\\\0", 3);
  std::map<std::string, std::string> out;
  for (const auto& [name, shard] : weight_map->members()) {
    const auto failure = [&name = name](std::string_view what) {
      return Failure{cat("weight_map: ", quote(name), ": ", what)};
    };
    if (shard.kind() != Json::Kind::text) return failure(cat("expected a file name, found ", to_string(shard.kind())));
    const std::string& file = shard.text();
    const bool ends_well = file.size() > kEnding.size() && file.ends_with(kEnding);
    if (!ends_well || file.find_first_of(kForbidden) != std::string::npos)
      return failure(cat(quote(file), " is not the name of a .safetensors file in this folder"));
    out.emplace(name, file);
  }
  if (out.empty()) return Failure{"weight_map is empty"};
  return out;
}

std::string write_safetensors_header(const std::vector<TensorInfo>& tensors,
                                     const std::map<std::string, std::string>& metadata) {
  // What serde_json leaves as it is, Python's json.dumps(ensure_ascii=False) leaves too.
  const auto text = [](std::string_view value) { return dump(Json(value), {.ensure_ascii = false}); };
  std::vector<std::string> members;
  if (!metadata.empty()) {
    std::vector<std::string> pairs;
    for (const auto& [key, value] : metadata) pairs.push_back(cat(text(key), ":", text(value)));
    members.push_back(cat("\"__metadata__\":{", join(pairs, ","), "}"));
  }
  std::uint64_t offset = 0;
  for (const TensorInfo& info : tensors) {
    const std::uint64_t end = offset + info.num_bytes();
    members.push_back(cat(text(info.name), ":{\"dtype\":\"", row_of(info.type).name, "\",\"shape\":[",
                          join(info.shape, ","), "],\"data_offsets\":[", offset, ",", end, "]}"));
    offset = end;
  }
  std::string header = cat("{", join(members, ","), "}");
  header.append((8 - header.size() % 8) % 8, ' ');
  std::string out;
  for (std::uint64_t rest = header.size(), i = 0; i < kLengthBytes; ++i, rest >>= 8)
    out += static_cast<char>(rest & 0xFF);
  return out += header;
}

}  // namespace forgelm::formats
