// The filter tojson: Python's json.dumps with ensure_ascii=False by default, without HTML escapes.
#include <algorithm>
#include <cmath>

#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_runtime.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

namespace {

class JsonWriter {
 public:
  explicit JsonWriter(Heap& owner) : heap(owner) {}
  Heap& heap;
  bool ensure_ascii = false;
  bool sorts_keys = false;
  bool has_indent = false;
  std::string indent;
  std::string item_separator = ", ";
  std::string key_separator = ": ";
  std::string out;

  void write(const Value& value) {
    heap.tick();
    if (out.size() >= next_check_) {
      heap.reserve(out.size());
      heap.tick_bytes(kStride);
      next_check_ = out.size() + kStride;
    }
    switch (value.kind()) {
      case Kind::none: out += "null"; return;
      case Kind::boolean: out += value.as_boolean() ? "true" : "false"; return;
      case Kind::integer: out += std::to_string(value.as_integer()); return;
      case Kind::real: out += real_text(value.as_real()); return;
      case Kind::string: text(value.text()); return;
      case Kind::list:
      case Kind::tuple: list(value.items()); return;
      case Kind::dict: dict(value.as<Dict>()); return;
      default: type_fault(cat("Object of type ", type_name(value), " is not JSON serializable"));
    }
  }

 private:
  static constexpr std::size_t kStride = 64u << 10;

  static std::string real_text(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
    return real_repr(value);
  }
  void escape(char32_t unit) {
    char buffer[8];
    out.append(buffer,
               static_cast<std::size_t>(std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(unit))));
  }
  void text(std::string_view value) {
    heap.reserve(out.size() + value.size());
    heap.tick_bytes(2 * value.size());
    out += '"';
    for (std::size_t at = 0; at < value.size();) {
      const char c = value[at];
      if (static_cast<unsigned char>(c) >= 0x80) {
        const DecodedCodePoint decoded = decode_utf8(value, at);
        if (!ensure_ascii) {
          out += value.substr(at, decoded.num_bytes);
        } else if (decoded.value > 0xFFFF) {
          escape(0xD800 + ((decoded.value - 0x10000) >> 10));
          escape(0xDC00 + ((decoded.value - 0x10000) & 0x3FF));
        } else {
          escape(decoded.value);
        }
        at += decoded.num_bytes;
        continue;
      }
      ++at;
      switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        case '\f': out += "\\f"; break;
        case '\b': out += "\\b"; break;
        default:
          if (static_cast<unsigned char>(c) < 0x20) escape(static_cast<unsigned char>(c));
          else out += c;
      }
    }
    out += '"';
  }
  void new_line() {
    if (!has_indent) return;
    out += '\n';
    heap.reserve(out.size() + indent.size() * static_cast<std::size_t>(depth_));
    heap.tick_bytes(indent.size() * static_cast<std::size_t>(depth_));
    for (int i = 0; i < depth_; ++i) out += indent;
  }
  void list(const Values& items) {
    if (items.empty()) {
      out += "[]";
      return;
    }
    out += '[';
    ++depth_;
    bool is_first = true;
    for (const Value& item : items) {
      if (!is_first) out += item_separator;
      is_first = false;
      new_line();
      write(item);
    }
    --depth_;
    new_line();
    out += ']';
  }
  static std::string key_text(const Value& key) {
    switch (key.kind()) {
      case Kind::string: return key.text();
      case Kind::none: return "null";
      case Kind::boolean: return key.as_boolean() ? "true" : "false";
      case Kind::integer: return std::to_string(key.as_integer());
      case Kind::real: return real_text(key.as_real());
      default: type_fault(cat("keys must be str, int, float, bool or None, not ", type_name(key)));
    }
  }
  void dict(const Dict& dict) {
    if (dict.entries.empty()) {
      out += "{}";
      return;
    }
    std::vector<const std::pair<Value, Value>*> order;
    for (const auto& entry : dict.entries) order.push_back(&entry);
    if (sorts_keys) {
      std::stable_sort(order.begin(), order.end(),
                       [this](const auto* a, const auto* b) { return less(heap, a->first, b->first); });
    }
    out += '{';
    ++depth_;
    bool is_first = true;
    for (const auto* entry : order) {
      if (!is_first) out += item_separator;
      is_first = false;
      new_line();
      text(key_text(entry->first));
      out += key_separator;
      write(entry->second);
    }
    --depth_;
    new_line();
    out += '}';
  }

  std::size_t next_check_ = 0;
  int depth_ = 0;
};

}  // namespace

Value tojson(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("tojson", arguments, {"x", "ensure_ascii", "indent", "separators", "sort_keys"}, 1);
  JsonWriter writer(runtime.heap());
  writer.ensure_ascii = !bound[1].is_missing() && is_true(bound[1]);
  writer.sorts_keys = !bound[4].is_missing() && is_true(bound[4]);
  writer.has_indent = !bound[2].is_missing() && !bound[2].is_none();
  if (writer.has_indent) {
    if (bound[2].is_string()) {
      writer.indent = bound[2].text();
    } else {
      const auto width = static_cast<std::size_t>(std::max<std::int64_t>(to_index(bound[2]), 0));
      runtime.heap().reserve(width);
      writer.indent.assign(width, ' ');
    }
    writer.item_separator = ",";
  }
  if (!bound[3].is_missing() && !bound[3].is_none()) {
    const Values separators = runtime.to_values(bound[3]);
    if (separators.size() != 2) type_fault(cat("separators must be a pair, not ", separators.size(), " values"));
    writer.item_separator = to_text(separators[0], "the item separator");
    writer.key_separator = to_text(separators[1], "the key separator");
  }
  writer.write(bound[0]);
  return runtime.string(std::move(writer.out));
}

}  // namespace forgelm::text::jinja
