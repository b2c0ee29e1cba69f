// str() and repr() of the Jinja engine's values.
#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_runtime.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

namespace {

class Writer {
 public:
  Writer(Heap& heap, std::string& out) : heap_(heap), out_(out) {}
  void write(const Value& value) {
    heap_.tick();
    if (out_.size() >= next_check_) {
      heap_.reserve(out_.size());
      heap_.tick_bytes(kStride);
      next_check_ = out_.size() + kStride;
    }
    switch (value.kind()) {
      case Kind::missing:
      case Kind::none: out_ += "None"; return;
      case Kind::boolean: out_ += value.as_boolean() ? "True" : "False"; return;
      case Kind::integer: out_ += std::to_string(value.as_integer()); return;
      case Kind::real: out_ += real_repr(value.as_real()); return;
      case Kind::undefined: out_ += "Undefined"; return;
      case Kind::string:
        heap_.reserve(out_.size() + value.text().size());
        heap_.tick_bytes(4 * value.text().size());
        if (!value.as<String>().is_markup) return append_quoted(out_, value.text());
        out_ += "Markup(";
        append_quoted(out_, value.text());
        out_ += ')';
        return;
      case Kind::list: return sequence("[", value.items(), "]");
      case Kind::tuple: return sequence("(", value.items(), value.items().size() == 1 ? ",)" : ")");
      case Kind::dict: return dict(value.as<Dict>());
      case Kind::dict_view: return view(value.as<DictView>());
      case Kind::range: {
        const auto& range = value.as<Range>();
        out_ += cat("range(", range.start, ", ", range.stop);
        if (range.step != 1) out_ += cat(", ", range.step);
        out_ += ')';
        return;
      }
      case Kind::name_space: return name_space(value.as<Namespace>());
      case Kind::macro: {
        const std::string& name = value.as<Macro>().shape.name;
        out_ += name.empty() ? "<Macro anonymous>" : cat("<Macro '", name, "'>");
        return;
      }
      case Kind::loop: {
        auto& loop = value.as<Loop>();
        out_ += cat("<LoopContext ", loop.index0 + 1, "/", loop.length(), ">");
        return;
      }
      default: out_ += cat("<", type_name(value), " object>");
    }
  }

 private:
  static constexpr std::size_t kStride = 64u << 10;

  void sequence(std::string_view opening, const Values& items, std::string_view closing) {
    out_ += opening;
    bool is_first = true;
    for (const Value& item : items) {
      if (!is_first) out_ += ", ";
      is_first = false;
      write(item);
    }
    out_ += closing;
  }
  void dict(const Dict& dict) {
    out_ += '{';
    bool is_first = true;
    for (const auto& [key, value] : dict.entries) {
      if (!is_first) out_ += ", ";
      is_first = false;
      write(key);
      out_ += ": ";
      write(value);
    }
    out_ += '}';
  }
  void view(const DictView& view) {
    const bool has_keys = view.what != DictView::What::values;
    const bool has_values = view.what != DictView::What::keys;
    out_ += has_keys && has_values ? "dict_items([" : has_keys ? "dict_keys([" : "dict_values([";
    bool is_first = true;
    for (const auto& [key, value] : view.dict.as<Dict>().entries) {
      if (!is_first) out_ += ", ";
      is_first = false;
      if (has_keys && has_values) out_ += '(';
      if (has_keys) write(key);
      if (has_keys && has_values) out_ += ", ";
      if (has_values) write(value);
      if (has_keys && has_values) out_ += ')';
    }
    out_ += "])";
  }
  void name_space(const Namespace& space) {
    if (++depth_ > kMaxNesting) throw Fault{"a namespace holds itself, or is nested too deeply to be shown", false};
    out_ += "<Namespace {";
    bool is_first = true;
    for (const auto& [name, value] : space.members) {
      if (!is_first) out_ += ", ";
      is_first = false;
      append_quoted(out_, name);
      out_ += ": ";
      write(value);
    }
    out_ += "}>";
    --depth_;
  }

  Heap& heap_;
  std::string& out_;
  std::size_t next_check_ = 0;
  int depth_ = 0;
};

}  // namespace

void append_repr(Heap& heap, std::string& out, const Value& value) { Writer(heap, out).write(value); }

void append_str(Heap& heap, std::string& out, const Value& value) {
  if (value.is_string()) {
    heap.tick_bytes(value.text().size());
    out += value.text();
  } else if (!value.is_undefined()) {
    append_repr(heap, out, value);
  }
}

std::string to_str(Heap& heap, const Value& value) {
  std::string out;
  append_str(heap, out, value);
  return out;
}

std::string to_repr(Heap& heap, const Value& value) {
  std::string out;
  append_repr(heap, out, value);
  return out;
}

}  // namespace forgelm::text::jinja
