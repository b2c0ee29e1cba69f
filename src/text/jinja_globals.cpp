// Global functions of Jinja templates, methods of loops, cyclers, dicts, lists and ranges, and the binding of
// arguments.
#include <algorithm>

#include "forgelm/core/suggest.hpp"
#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_runtime.hpp"

namespace forgelm::text::jinja {

// ---- arguments ------------------------------------------------------------------------------------------------------

Values bind(const char* what, const Arguments& arguments, const std::vector<const char*>& names,
            std::size_t num_required) {
  if (arguments.positional.size() > names.size()) {
    type_fault(cat(what, "() takes at most ", names.size(), " argument(s) (", arguments.positional.size(), " given)"));
  }
  Values out(names.size());
  std::copy(arguments.positional.begin(), arguments.positional.end(), out.begin());
  for (const auto& [given, value] : arguments.named) {
    const std::string& name = given;  // clang 14 captures no structured binding
    const auto found = std::find_if(names.begin(), names.end(), [&](const char* known) { return name == known; });
    if (found == names.end()) {
      const std::string near = near_name(name, std::vector<std::string>(names.begin(), names.end()));
      type_fault(cat(what, "() got an unexpected keyword argument '", name, "'",
                     near.empty() ? "" : cat("; did you mean '", near, "'?")));
    }
    Value& slot = out[static_cast<std::size_t>(found - names.begin())];
    if (!slot.is_missing()) type_fault(cat(what, "() got multiple values for argument '", name, "'"));
    slot = value;
  }
  for (std::size_t i = 0; i < num_required; ++i) {
    if (out[i].is_missing()) type_fault(cat(what, "() missing required argument '", names[i], "'"));
  }
  return out;
}

Values bind_positional(const char* what, const Arguments& arguments, std::size_t num_required,
                       std::size_t num_allowed) {
  if (!arguments.named.empty()) type_fault(cat(what, "() takes no keyword arguments"));
  const std::size_t given = arguments.positional.size();
  if (given < num_required || given > num_allowed) {
    type_fault(cat(what, "() takes ", num_required == num_allowed ? "exactly " : "", num_required,
                   num_required == num_allowed ? "" : cat(" to ", num_allowed), " argument(s) (", given, " given)"));
  }
  Values out(num_allowed);
  std::copy(arguments.positional.begin(), arguments.positional.end(), out.begin());
  return out;
}

std::string near_name(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t kMaxNameBytes = 64;
  return word.size() <= kMaxNameBytes ? nearest(word, candidates) : std::string();
}

std::int64_t to_index(const Value& value) {
  if (value.is_integral()) return value.as_integer();
  if (value.is_undefined()) throw Fault{value.as<Undefined>().message, false};
  type_fault(cat("'", type_name(value), "' object cannot be interpreted as an integer"));
}
std::int64_t index_or(const Value& value, std::int64_t otherwise) {
  return value.is_missing() ? otherwise : to_index(value);
}
const std::string& to_text(const Value& value, const char* what) {
  if (!value.is_string()) type_fault(cat(what, " must be str, not ", type_name(value)));
  return value.text();
}

namespace {

// ---- global functions -----------------------------------------------------------------------------------------------

Value range(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind_positional("range", arguments, 1, 3);
  std::int64_t start = 0;
  std::int64_t stop = to_index(bound[0]);
  if (!bound[1].is_missing()) {
    start = stop;
    stop = to_index(bound[1]);
  }
  const std::int64_t step = index_or(bound[2], 1);
  if (step == 0) type_fault("range() arg 3 must not be zero");
  return Value(new Range(runtime.heap(), start, stop, step));
}

/// What dict(...) and namespace(...) are given: a mapping or pairs, then names.
std::vector<std::pair<Value, Value>> entries_of(Runtime& runtime, const char* what, const Arguments& arguments) {
  if (arguments.positional.size() > 1) {
    type_fault(cat(what, " expected at most 1 argument, got ", arguments.positional.size()));
  }
  std::vector<std::pair<Value, Value>> out;
  if (!arguments.positional.empty()) {
    const Value& source = arguments.positional[0];
    if (source.is(Kind::dict)) {
      out = source.as<Dict>().entries;
    } else {
      for (const Value& pair : runtime.to_values(source)) {
        Values parts = runtime.to_values(pair);
        if (parts.size() != 2) {
          type_fault(cat("dictionary update sequence element has length ", parts.size(), "; 2 is required"));
        }
        out.emplace_back(std::move(parts[0]), std::move(parts[1]));
      }
    }
  }
  for (const auto& [name, value] : arguments.named) out.emplace_back(runtime.string(name), value);
  runtime.heap().tick_bytes(out.size() * 64);
  return out;
}

Value make_dict(Runtime& runtime, const Value&, Arguments& arguments) {
  return runtime.heap().dict(entries_of(runtime, "dict", arguments));
}

Value make_namespace(Runtime& runtime, const Value&, Arguments& arguments) {
  const Value entries = runtime.heap().dict(entries_of(runtime, "dict", arguments));
  const Value out(new Namespace(runtime.heap()));
  for (const auto& [name, value] : entries.as<Dict>().entries) {
    if (!name.is_string()) continue;  // no template can reach it
    if (!name.text().empty() && name.text()[0] == '_') {
      throw Fault{
          cat("Chat templates cannot store underscore-prefixed attributes on a namespace, but got '", name.text(), "'"),
          false};
    }
    out.as<Namespace>().set(name.text(), value);
  }
  return out;
}

Value make_cycler(Runtime& runtime, const Value&, Arguments& arguments) {
  if (!arguments.named.empty()) type_fault("cycler() takes no keyword arguments");
  if (arguments.positional.empty()) type_fault("at least one item has to be provided");
  return Value(new Cycler(runtime.heap(), std::move(arguments.positional)));
}

Value make_joiner(Runtime& runtime, const Value&, Arguments& arguments) {
  Values bound = bind("joiner", arguments, {"sep"}, 0);
  return Value(new Joiner(runtime.heap(), bound[0].is_missing() ? runtime.string(", ") : bound[0]));
}

Value raise_exception(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("raise_exception", arguments, {"message"}, 1);
  throw Fault{runtime.str(bound[0]), true};
}

Value strftime_now(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("strftime_now", arguments, {"format"}, 1);
  return runtime.string(
      strftime(to_text(bound[0], "strftime_now() argument"), static_cast<std::int64_t>(runtime.now())));
}

Value lipsum(Runtime&, const Value&, Arguments&) { throw Fault{"lipsum() is random and not supported", false}; }

constexpr Entry kGlobals[] = {{"range", range},
                              {"dict", make_dict},
                              {"namespace", make_namespace},
                              {"cycler", make_cycler},
                              {"joiner", make_joiner},
                              {"raise_exception", raise_exception},
                              {"strftime_now", strftime_now},
                              {"lipsum", lipsum}};

// ---- methods --------------------------------------------------------------------------------------------------------

Value loop_cycle(Runtime&, const Value& self, Arguments& arguments) {
  if (!arguments.named.empty()) type_fault("cycle() takes no keyword arguments");
  if (arguments.positional.empty()) type_fault("no items for cycling given");
  const auto index = static_cast<std::size_t>(self.as<Loop>().index0);
  return arguments.positional[index % arguments.positional.size()];
}

Value loop_changed(Runtime& runtime, const Value& self, Arguments& arguments) {
  if (!arguments.named.empty()) type_fault("changed() takes no keyword arguments");
  auto& loop = self.as<Loop>();
  Value seen = runtime.heap().tuple(std::move(arguments.positional));
  const bool has_changed = loop.changed_value.is_missing() || !equals(runtime.heap(), loop.changed_value, seen);
  if (has_changed) loop.changed_value = std::move(seen);
  return Value::boolean(has_changed);
}

constexpr Entry kLoopMethods[] = {{"cycle", loop_cycle}, {"changed", loop_changed}};

Value cycler_next(Runtime&, const Value& self, Arguments& arguments) {
  bind("next", arguments, {}, 0);
  auto& cycler = self.as<Cycler>();
  Value out = cycler.items[cycler.position];
  cycler.position = (cycler.position + 1) % cycler.items.size();
  return out;
}

Value cycler_reset(Runtime&, const Value& self, Arguments& arguments) {
  bind("reset", arguments, {}, 0);
  self.as<Cycler>().position = 0;
  return Value::none();
}

constexpr Entry kCyclerMethods[] = {{"next", cycler_next}, {"reset", cycler_reset}};

Value dict_get(Runtime&, const Value& self, Arguments& arguments) {
  const Values bound = bind_positional("get", arguments, 1, 2);
  const Value* found = self.as<Dict>().find(bound[0]);
  return found != nullptr ? *found : bound[1].is_missing() ? Value::none() : bound[1];
}

template <DictView::What kWhat>
Value dict_view(Runtime& runtime, const Value& self, Arguments& arguments) {
  bind_positional("items", arguments, 0, 0);
  return Value(new DictView(runtime.heap(), kWhat, self));
}

Value dict_copy(Runtime&, const Value& self, Arguments& arguments) {
  bind_positional("copy", arguments, 0, 0);
  return self;  // neither can change
}

constexpr Entry kDictMethods[] = {{"get", dict_get},
                                  {"items", dict_view<DictView::What::items>},
                                  {"keys", dict_view<DictView::What::keys>},
                                  {"values", dict_view<DictView::What::values>},
                                  {"copy", dict_copy}};

Value count(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Values bound = bind_positional("count", arguments, 1, 1);
  const auto next = runtime.iterate(self);
  std::int64_t out = 0;
  for (Value item = next(); !item.is_missing(); item = next()) out += equals(runtime.heap(), item, bound[0]);
  return Value::integer(out);
}

Value index(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Values bound = bind_positional("index", arguments, 1, 3);
  const std::int64_t size = length(self);
  const auto clip = [size](std::int64_t at) { return at < 0 ? std::max<std::int64_t>(at + size, 0) : at; };
  const std::int64_t start = clip(index_or(bound[1], 0));
  const std::int64_t stop = clip(index_or(bound[2], size));
  const auto next = runtime.iterate(self);
  std::int64_t at = 0;
  for (Value item = next(); !item.is_missing() && at < stop; item = next(), ++at) {
    if (at >= start && equals(runtime.heap(), item, bound[0])) return Value::integer(at);
  }
  type_fault(cat(to_repr(runtime.heap(), bound[0]), " is not in ", type_name(self)));
}

Value list_copy(Runtime&, const Value& self, Arguments& arguments) {
  bind_positional("copy", arguments, 0, 0);
  return self;
}

constexpr Entry kSequenceMethods[] = {{"count", count}, {"index", index}, {"copy", list_copy}};
constexpr Entry kRangeMethods[] = {{"count", count}, {"index", index}};

}  // namespace

Table global_functions() noexcept { return {kGlobals, std::size(kGlobals)}; }
Table loop_methods() noexcept { return {kLoopMethods, std::size(kLoopMethods)}; }
Table cycler_methods() noexcept { return {kCyclerMethods, std::size(kCyclerMethods)}; }
Table dict_methods() noexcept { return {kDictMethods, std::size(kDictMethods)}; }
Table sequence_methods() noexcept { return {kSequenceMethods, std::size(kSequenceMethods)}; }
Table range_methods() noexcept { return {kRangeMethods, std::size(kRangeMethods)}; }

}  // namespace forgelm::text::jinja
