// Builds the flat table from the rows. The templates of the section headers are instantiated here and nowhere else.
#include "forgelm/config/schema.hpp"

#include <cmath>
#include <map>
#include <type_traits>

#include "forgelm/config/job.hpp"

namespace forgelm::config {

// --- No member without a row
// -------------------------------------------------------------------------------------------

namespace detail {
/// Stands for a value of any type, so that braces can count the members of an aggregate. Never defined.
struct Anything {
  template <class T>
  operator T() const;
};
}  // namespace detail

namespace {

using detail::Anything;

template <class T, std::size_t... I>
constexpr bool takes_members(std::index_sequence<I...>) {
  return requires { T{(void(I), Anything{})...}; };
}

template <class T, std::size_t N = 0>
constexpr std::size_t num_members() {
  if constexpr (!takes_members<T>(std::make_index_sequence<N + 1>{})) return N;
  else return num_members<T, N + 1>();
}

struct RowCounter {
  std::size_t rows = 0;
  template <auto Member, class... Attributes>
  constexpr void operator()(FieldTag<Member>, std::string_view, Attributes...) {
    ++rows;
  }
};

template <class S>
constexpr std::size_t num_rows() {
  RowCounter counter;
  S::describe(counter);
  return counter.rows;
}

// --- The name of a member, from its pointer
// ----------------------------------------------------------------------------

template <auto Member>
constexpr std::string_view member_name() {
  // g++: "... [with auto Member = &forgelm::config::S::name; std::string_view = ...]"; clang: "... [Member =
  // &S::name]".
  constexpr std::string_view text = __PRETTY_FUNCTION__;
  constexpr std::size_t begin = text.find("Member = ");
  constexpr std::size_t end = text.find_first_of(";]", begin);
  constexpr std::string_view pointer = text.substr(begin, end - begin);
  constexpr std::string_view tail = pointer.substr(pointer.rfind(':') + 1);
  return tail.substr(0, tail.find(')'));
}

// --- Kinds and access by member type
// -----------------------------------------------------------------------------------

template <class T>
struct Unwrapped {
  using type = T;
  static constexpr bool is_optional = false;
};
template <class T>
struct Unwrapped<std::optional<T>> {
  using type = T;
  static constexpr bool is_optional = true;
};

template <class T>
concept Section = requires(RowCounter& rows) {
  T::describe(rows);
};

template <class T>
struct SectionList : std::false_type {};
template <Section T>
struct SectionList<std::vector<T>> : std::true_type {
  using element = T;
};

template <class T>
constexpr FieldKind kind_of() {
  if constexpr (std::is_same_v<T, bool>) return FieldKind::boolean;
  else if constexpr (std::is_same_v<T, std::int64_t>) return FieldKind::integer;
  else if constexpr (std::is_same_v<T, double>) return FieldKind::real;
  else if constexpr (std::is_same_v<T, std::string>) return FieldKind::text;
  else if constexpr (Choice<T>) return FieldKind::choice;
  else if constexpr (std::is_same_v<T, std::vector<std::string>>) return FieldKind::text_list;
  else if constexpr (std::is_same_v<T, std::vector<double>>) return FieldKind::real_list;
  else if constexpr (std::is_same_v<T, Json>) return FieldKind::table;
  else if constexpr (std::is_same_v<T, std::map<std::string, double>>) return FieldKind::real_table;
  else if constexpr (Section<T>) return FieldKind::section;
  else {
    static_assert(SectionList<T>::value, "a field of a type the configuration does not know");
    return FieldKind::section_list;
  }
}

template <class T>
Json to_json(const T& value) {
  if constexpr (Choice<T>) return Json(to_text(value));
  else if constexpr (std::is_same_v<T, std::vector<std::string>> || std::is_same_v<T, std::vector<double>>)
    return Json::array_of(value);
  else if constexpr (std::is_same_v<T, std::map<std::string, double>>) {
    Json object = Json::object();
    for (const auto& [key, number] : value) object.set(key, number);
    return object;
  } else return Json(value);
}

template <class T>
T from_json(const Json& value) {
  if constexpr (std::is_same_v<T, bool>) return value.boolean();
  else if constexpr (std::is_same_v<T, std::int64_t>) return value.integer();
  else if constexpr (std::is_same_v<T, double>) return value.real();
  else if constexpr (std::is_same_v<T, std::string>) return value.text();
  else if constexpr (Choice<T>) return from_text<T>(value.text()).value();
  else if constexpr (std::is_same_v<T, Json>) return value;
  else if constexpr (std::is_same_v<T, std::map<std::string, double>>) {
    T table;
    for (const auto& [key, number] : value.members()) table[key] = number.real();
    return table;
  } else {
    T list;
    for (const auto& item : value.items()) list.push_back(from_json<typename T::value_type>(item));
    return list;
  }
}

template <class C, class M>
C owner_of(M C::*);

template <Section S>
const SectionInfo& section_info();

// --- The table
// ---------------------------------------------------------------------------------------------------------

std::vector<std::string> words(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

void apply(FieldInfo& info, const Attribute& attribute) {
  using Kind = Attribute::Kind;
  switch (attribute.kind) {
    case Kind::at_least: info.bounds.at_least = attribute.number; break;
    case Kind::above: info.bounds.above = attribute.number; break;
    case Kind::at_most: info.bounds.at_most = attribute.number; break;
    case Kind::below: info.bounds.below = attribute.number; break;
    case Kind::finite: info.bounds.is_finite = true; break;
    case Kind::required: info.is_required = true; break;
    case Kind::non_empty: info.is_non_empty = true; break;
    case Kind::pattern: info.pattern = attribute.text; break;
    case Kind::alias: info.alias = attribute.text; break;
    case Kind::deprecated: info.deprecated = attribute.text; break;
    case Kind::secret: info.is_secret = true; break;
    case Kind::wizard: info.in_wizard = true; break;
    case Kind::presets: info.presets = words(attribute.text, ' '); break;
    case Kind::value_alias: {
      const auto parts = words(attribute.text, '=');
      info.value_aliases.emplace_back(parts.at(0), parts.at(1));
      break;
    }
    case Kind::clamped: info.is_clamped = true; break;
    case Kind::added: info.is_added = true; break;
    case Kind::path: info.names_path = true; break;
    case Kind::example: info.example = attribute.text; break;
    case Kind::served_by: info.capability = attribute.capability; break;
  }
}

template <auto Member>
void fill_value_access(FieldInfo& info) {
  using Owner = decltype(owner_of(Member));
  using Declared = std::remove_reference_t<decltype(std::declval<Owner&>().*Member)>;
  using T = typename Unwrapped<Declared>::type;
  info.get = [](const void* owner) -> Json {
    const auto& value = static_cast<const Owner*>(owner)->*Member;
    if constexpr (Unwrapped<Declared>::is_optional) return value ? to_json(*value) : Json();
    else return to_json(value);
  };
  info.set = [](void* owner, const Json& value) {
    auto& member = static_cast<Owner*>(owner)->*Member;
    if constexpr (Unwrapped<Declared>::is_optional) {
      if (value.is_null()) member.reset();
      else member = from_json<T>(value);
    } else {
      member = from_json<T>(value);
    }
  };
  if constexpr (Choice<T>) info.choices = choices<T>();
}

template <auto Member>
void fill_section_access(FieldInfo& info) {
  using Owner = decltype(owner_of(Member));
  using Declared = std::remove_reference_t<decltype(std::declval<Owner&>().*Member)>;
  info.section = &section_info<typename Unwrapped<Declared>::type>();
  info.emplace = [](void* owner) -> void* {
    auto& member = static_cast<Owner*>(owner)->*Member;
    if constexpr (Unwrapped<Declared>::is_optional) return &(member ? *member : member.emplace());
    else return &member;
  };
  info.peek = [](const void* owner) -> const void* {
    const auto& member = static_cast<const Owner*>(owner)->*Member;
    if constexpr (Unwrapped<Declared>::is_optional) return member ? &*member : nullptr;
    else return &member;
  };
}

template <auto Member>
void fill_list_access(FieldInfo& info) {
  using Owner = decltype(owner_of(Member));
  using List = std::remove_reference_t<decltype(std::declval<Owner&>().*Member)>;
  info.section = &section_info<typename SectionList<List>::element>();
  info.append = [](void* owner) -> void* { return &(static_cast<Owner*>(owner)->*Member).emplace_back(); };
  info.count = [](const void* owner) { return (static_cast<const Owner*>(owner)->*Member).size(); };
  info.at = [](const void* owner, std::size_t index) -> const void* {
    return &(static_cast<const Owner*>(owner)->*Member).at(index);
  };
}

struct TableBuilder {
  SectionInfo& table;
  const void* defaults;

  template <auto Member, class... Attributes>
  void operator()(FieldTag<Member>, std::string_view doc, Attributes... attributes) {
    using Owner = decltype(owner_of(Member));
    using Declared = std::remove_reference_t<decltype(std::declval<Owner&>().*Member)>;
    using T = typename Unwrapped<Declared>::type;
    FieldInfo info;
    info.name = member_name<Member>();
    info.doc = doc;
    info.kind = kind_of<T>();
    info.is_nullable = Unwrapped<Declared>::is_optional;
    (apply(info, attributes), ...);
    if constexpr (Section<T>) fill_section_access<Member>(info);
    else if constexpr (SectionList<T>::value) fill_list_access<Member>(info);
    else {
      fill_value_access<Member>(info);
      if (!info.is_required) info.default_value = info.get(defaults);
    }
    table.fields.push_back(std::move(info));
  }
};

template <Section S>
const SectionInfo& section_info() {
  static_assert(num_members<S>() == num_rows<S>(), "a member of this section has no row in describe()");
  static const SectionInfo info = [] {
    SectionInfo table;
    const S defaults;
    TableBuilder builder{table, &defaults};
    S::describe(builder);
    return table;
  }();
  return info;
}

void place_fields(const SectionInfo& section, const std::string& prefix, bool with_stages,
                  std::vector<PlacedField>& out) {
  for (const auto& field : section.fields) {
    const std::string path = prefix + field.name;
    out.push_back({path, &field, &section});
    if (field.kind == FieldKind::section) {
      if (with_stages || prefix.rfind("pipeline.stages[]", 0) != 0)
        place_fields(*field.section, path + ".", with_stages, out);
    } else if (field.kind == FieldKind::section_list) {
      place_fields(*field.section, path + "[].", with_stages, out);
    }
  }
}

std::string number_text(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return std::to_string(static_cast<std::int64_t>(value));
  return python_float_repr(value);
}

}  // namespace

bool Bounds::hold(double value) const {
  if (is_finite && !std::isfinite(value)) return false;
  // Written so that NaN fails every bound.
  if (at_least && !(value >= *at_least)) return false;
  if (above && !(value > *above)) return false;
  if (at_most && !(value <= *at_most)) return false;
  return !below || value < *below;
}

std::string Bounds::text() const {
  std::string low, high;
  if (at_least) low = number_text(*at_least) + " or more";
  if (above) low = "above " + number_text(*above);
  if (at_most) high = "at most " + number_text(*at_most);
  if (below) high = "below " + number_text(*below);
  if (at_least && at_most) return "from " + number_text(*at_least) + " to " + number_text(*at_most);
  return low + (!low.empty() && !high.empty() ? " and " : "") + high;
}

const FieldInfo* SectionInfo::find(std::string_view name) const noexcept {
  for (const auto& field : fields)
    if (field.name == name || (!field.alias.empty() && field.alias == name)) return &field;
  return nullptr;
}

std::vector<std::string> SectionInfo::names() const {
  std::vector<std::string> out;
  for (const auto& field : fields) out.push_back(field.name);
  return out;
}

const SectionInfo& root_section() { return section_info<JobConfig>(); }

const std::vector<PlacedField>& all_fields(bool with_stages) {
  const auto place_all = [](bool stages) {
    std::vector<PlacedField> out;
    place_fields(root_section(), "", stages, out);
    return out;
  };
  static const std::vector<PlacedField> plain = place_all(false);
  if (!with_stages) return plain;
  static const std::vector<PlacedField> staged = place_all(true);
  return staged;
}

const PlacedField* field_at(std::string_view path) noexcept {
  static const std::map<std::string_view, const PlacedField*> places = [] {
    std::map<std::string_view, const PlacedField*> found;
    for (const auto& placed : all_fields()) found[placed.path] = &placed;
    return found;
  }();
  const auto found = places.find(path);
  return found == places.end() ? nullptr : found->second;
}

std::string_view kind_text(FieldKind kind) noexcept {
  switch (kind) {
    case FieldKind::boolean: return "true or false";
    case FieldKind::integer: return "integer";
    case FieldKind::real: return "number";
    case FieldKind::text: return "text";
    case FieldKind::choice: return "one of";
    case FieldKind::text_list: return "list of text";
    case FieldKind::real_list: return "list of numbers";
    case FieldKind::table: return "mapping";
    case FieldKind::real_table: return "mapping of names to numbers";
    case FieldKind::section: return "section";
    case FieldKind::section_list: return "list of sections";
  }
  return "value";
}

std::string accepts_text(const FieldInfo& field) {
  std::string out(kind_text(field.kind));
  const auto join = [](const std::vector<std::string>& names) {
    std::string joined;
    for (const auto& name : names) joined += (joined.empty() ? "" : ", ") + name;
    return joined;
  };
  if (field.kind == FieldKind::choice) out = "one of " + join(field.choices);
  if (field.bounds.any())
    out += (field.kind == FieldKind::integer || field.kind == FieldKind::real ? " " : ", each ") + field.bounds.text();
  if (!field.presets.empty()) out += ", or one of " + join(field.presets);
  if (field.is_nullable && field.kind != FieldKind::section) out += ", or null";
  return out;
}

}  // namespace forgelm::config
