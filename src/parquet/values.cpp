// One switch over Arrow's types; what a type costs to convert is paid per value, which text data sets do not notice.
#include "values.hpp"

#include <arrow/api.h>
#include <arrow/util/float16.h>

#include <set>
#include <unordered_map>

#include "calendar.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::parquet {
namespace {

using arrow::Type;

template <class Array>
const Array& as(const arrow::Array& array) {
  return static_cast<const Array&>(array);  // the type id has been looked at
}

std::int64_t per_second(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND: return 1;
    case arrow::TimeUnit::MILLI: return 1'000;
    case arrow::TimeUnit::MICRO: return 1'000'000;
    case arrow::TimeUnit::NANO: break;
  }
  return 1'000'000'000;
}

template <class Type>
std::int64_t unit_of(const arrow::Array& array) {
  return per_second(static_cast<const Type&>(*array.type()).unit());
}

std::string time_of_day(std::int64_t count, std::int64_t unit) {
  if (count < 0 || count / unit >= 86400) throw ValueFault{"", cat("the time of day ", count, " is outside of a day")};
  return time_text(count, unit);
}

bool is_text(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW: return true;
    case Type::DICTIONARY: return is_text(*static_cast<const arrow::DictionaryType&>(type).value_type());
    default: return false;
  }
}

/// The place and number of a list's items, which a broken file may have set to anything.
struct Span {
  std::int64_t begin;
  std::int64_t count;
};
Span checked(std::int64_t begin, std::int64_t count, const arrow::Array& values) {
  if (begin < 0 || count < 0 || begin > values.length() || count > values.length() - begin)
    throw ValueFault{"", "the list lies outside of its values"};
  return {begin, count};
}

template <class List>
Span span_of(const arrow::Array& array, std::int64_t at) {
  const auto& list = as<List>(array);
  return checked(list.value_offset(at), list.value_length(at), *list.values());
}

/// Runs `convert`, which stands for the part `part` of a value, so that a fault tells the whole path.
template <class Convert>
auto within(const std::string& part, Convert convert) {
  try {
    return convert();
  } catch (ValueFault& fault) {
    fault.path.insert(0, part);
    throw;
  }
}

std::string index_part(std::int64_t index) { return cat('[', index, ']'); }

std::string fields_fault(const arrow::DataType& type, const std::string& path, int depth,
                         const formats::RowLimits& limits) {
  std::set<std::string_view> names;
  for (const auto& field : type.fields()) {
    if (!is_valid_utf8(field->name()))
      return cat(quote(path), " has a field whose name is not UTF-8: ", quote(field->name()));
    if (!names.insert(field->name()).second) return cat(quote(path), " has two fields named ", quote(field->name()));
    auto fault = type_fault(*field->type(), cat(path, '.', field->name()), depth + 1, limits);
    if (!fault.empty()) return fault;
  }
  return "";
}

}  // namespace

std::string type_fault(const arrow::DataType& type, const std::string& path, int depth,
                       const formats::RowLimits& limits) {
  if (depth > limits.max_depth) return cat("its values are nested deeper than ", limits.max_depth, " levels");
  switch (type.id()) {
    case Type::NA:
    case Type::BOOL:
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
    case Type::HALF_FLOAT:
    case Type::FLOAT:
    case Type::DOUBLE:
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
    case Type::FIXED_SIZE_BINARY:
    case Type::DATE32:
    case Type::DATE64:
    case Type::TIME32:
    case Type::TIME64:
    case Type::TIMESTAMP:
    case Type::DURATION:
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256: return "";
    case Type::STRUCT: return fields_fault(type, path, depth, limits);
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::FIXED_SIZE_LIST:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW: return type_fault(*type.field(0)->type(), path + "[]", depth + 1, limits);
    case Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      // One of pairs is a level deeper than an object.
      const int inner = depth + (is_text(*map.key_type()) ? 1 : 2);
      auto fault = type_fault(*map.key_type(), path + "[key]", inner, limits);
      return fault.empty() ? type_fault(*map.item_type(), path + "[value]", inner, limits) : fault;
    }
    case Type::DICTIONARY:
      return type_fault(*static_cast<const arrow::DictionaryType&>(type).value_type(), path, depth, limits);
    case Type::EXTENSION:
      return type_fault(*static_cast<const arrow::ExtensionType&>(type).storage_type(), path, depth, limits);
    default: return cat(quote(path), " is of the type ", quote(type.ToString()), ", which has no form in a row");
  }
}

void ValueReader::require(std::size_t bytes) const {
  if (bytes > limits_.max_row_bytes - used_bytes_)
    throw ValueFault{"", cat("the row is larger than ", limits_.max_row_bytes, " bytes")};
}

void ValueReader::spend(std::size_t bytes) {
  require(bytes);
  used_bytes_ += bytes;
}

bool ValueReader::read_text(std::string_view bytes, bool is_declared_text, Json& out) {
  if (const std::size_t bad = find_invalid_utf8(bytes); bad != std::string_view::npos) {
    if (!is_declared_text) return false;
    throw ValueFault{"", cat("the text is not UTF-8 at its byte ", bad, ": ", quote(bytes.substr(bad, 4)))};
  }
  spend(bytes.size());
  out = Json(bytes);
  return true;
}

bool ValueReader::read(const arrow::Array& array, std::int64_t at, Json& out) {
  spend(sizeof(Json));
  if (++num_values_ > limits_.max_values)
    throw ValueFault{"", cat("the row has more than ", limits_.max_values, " values")};
  return convert(array, at, out);
}

bool ValueReader::convert(const arrow::Array& array, std::int64_t at, Json& out) {
  if (array.IsNull(at)) {
    out = nullptr;
    return true;
  }
  switch (array.type_id()) {
    case Type::NA: out = nullptr; break;
    case Type::BOOL: out = as<arrow::BooleanArray>(array).Value(at); break;
    case Type::INT8: out = as<arrow::Int8Array>(array).Value(at); break;
    case Type::INT16: out = as<arrow::Int16Array>(array).Value(at); break;
    case Type::INT32: out = as<arrow::Int32Array>(array).Value(at); break;
    case Type::INT64: out = as<arrow::Int64Array>(array).Value(at); break;
    case Type::UINT8: out = as<arrow::UInt8Array>(array).Value(at); break;
    case Type::UINT16: out = as<arrow::UInt16Array>(array).Value(at); break;
    case Type::UINT32: out = as<arrow::UInt32Array>(array).Value(at); break;
    case Type::UINT64: out = as<arrow::UInt64Array>(array).Value(at); break;
    case Type::HALF_FLOAT:
      out = arrow::util::Float16::FromBits(as<arrow::HalfFloatArray>(array).Value(at)).ToDouble();
      break;
    case Type::FLOAT: out = as<arrow::FloatArray>(array).Value(at); break;
    case Type::DOUBLE: out = as<arrow::DoubleArray>(array).Value(at); break;

    case Type::STRING: return read_text(as<arrow::StringArray>(array).GetView(at), true, out);
    case Type::LARGE_STRING: return read_text(as<arrow::LargeStringArray>(array).GetView(at), true, out);
    case Type::STRING_VIEW: return read_text(as<arrow::StringViewArray>(array).GetView(at), true, out);
    case Type::BINARY: return read_text(as<arrow::BinaryArray>(array).GetView(at), false, out);
    case Type::LARGE_BINARY: return read_text(as<arrow::LargeBinaryArray>(array).GetView(at), false, out);
    case Type::BINARY_VIEW: return read_text(as<arrow::BinaryViewArray>(array).GetView(at), false, out);
    case Type::FIXED_SIZE_BINARY: return read_text(as<arrow::FixedSizeBinaryArray>(array).GetView(at), false, out);

    case Type::DATE32: out = date_text(as<arrow::Date32Array>(array).Value(at)); break;
    case Type::DATE64: {
      const std::int64_t milliseconds = as<arrow::Date64Array>(array).Value(at);
      out = date_text(milliseconds / 86'400'000 - (milliseconds % 86'400'000 < 0 ? 1 : 0));
      break;
    }
    case Type::TIMESTAMP:
      out = timestamp_text(as<arrow::TimestampArray>(array).Value(at), unit_of<arrow::TimestampType>(array),
                           !static_cast<const arrow::TimestampType&>(*array.type()).timezone().empty());
      break;
    case Type::TIME32:
      out = time_of_day(as<arrow::Time32Array>(array).Value(at), unit_of<arrow::Time32Type>(array));
      break;
    case Type::TIME64:
      out = time_of_day(as<arrow::Time64Array>(array).Value(at), unit_of<arrow::Time64Type>(array));
      break;
    case Type::DURATION:
      out = duration_text(as<arrow::DurationArray>(array).Value(at), unit_of<arrow::DurationType>(array));
      break;
    case Type::DECIMAL32: out = as<arrow::Decimal32Array>(array).FormatValue(at); break;
    case Type::DECIMAL64: out = as<arrow::Decimal64Array>(array).FormatValue(at); break;
    case Type::DECIMAL128: out = as<arrow::Decimal128Array>(array).FormatValue(at); break;
    case Type::DECIMAL256: out = as<arrow::Decimal256Array>(array).FormatValue(at); break;

    case Type::LIST: {
      const auto [begin, count] = span_of<arrow::ListArray>(array, at);
      read_items(*as<arrow::ListArray>(array).values(), begin, count, out);
      break;
    }
    case Type::LARGE_LIST: {
      const auto [begin, count] = span_of<arrow::LargeListArray>(array, at);
      read_items(*as<arrow::LargeListArray>(array).values(), begin, count, out);
      break;
    }
    case Type::FIXED_SIZE_LIST: {
      const auto [begin, count] = span_of<arrow::FixedSizeListArray>(array, at);
      read_items(*as<arrow::FixedSizeListArray>(array).values(), begin, count, out);
      break;
    }
    case Type::LIST_VIEW: {
      const auto [begin, count] = span_of<arrow::ListViewArray>(array, at);
      read_items(*as<arrow::ListViewArray>(array).values(), begin, count, out);
      break;
    }
    case Type::LARGE_LIST_VIEW: {
      const auto [begin, count] = span_of<arrow::LargeListViewArray>(array, at);
      read_items(*as<arrow::LargeListViewArray>(array).values(), begin, count, out);
      break;
    }
    case Type::MAP: read_map(array, at, out); break;
    case Type::STRUCT: read_struct(array, at, out); break;
    case Type::DICTIONARY: {
      const auto& dictionary = as<arrow::DictionaryArray>(array);
      const std::int64_t index = dictionary.GetValueIndex(at);
      if (index < 0 || index >= dictionary.dictionary()->length())
        throw ValueFault{"", "the value lies outside of its dictionary"};
      return convert(*dictionary.dictionary(), index, out);
    }
    case Type::EXTENSION: return convert(*as<arrow::ExtensionArray>(array).storage(), at, out);
    default:
      throw ValueFault{"", cat("values of the type ", quote(array.type()->ToString()), " have no form in a row")};
  }
  return true;
}

void ValueReader::read_items(const arrow::Array& values, std::int64_t begin, std::int64_t count, Json& out) {
  require(static_cast<std::size_t>(count) * sizeof(Json));  // before memory is asked for
  Json::Array items(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    // What is left out of a list is null in it, so that what follows keeps its place.
    within(index_part(i), [&] { return read(values, begin + i, items[static_cast<std::size_t>(i)]); });
  }
  out = Json(std::move(items));
}

void ValueReader::read_struct(const arrow::Array& array, std::int64_t at, Json& out) {
  const auto& fields = as<arrow::StructArray>(array);
  Json::Object members;
  members.reserve(static_cast<std::size_t>(fields.num_fields()));
  for (int i = 0; i < fields.num_fields(); ++i) {
    const std::string& name = fields.struct_type()->field(i)->name();
    Json value;
    if (within('.' + name, [&] { return read(*fields.field(i), at, value); }))
      members.emplace_back(name, std::move(value));
  }
  out = Json(std::move(members));
}

void ValueReader::read_map(const arrow::Array& array, std::int64_t at, Json& out) {
  const auto& map = as<arrow::MapArray>(array);
  const auto [begin, count] = checked(map.value_offset(at), map.value_length(at), *map.keys());
  if (!is_text(*map.keys()->type())) {
    Json::Array pairs;
    for (std::int64_t i = begin; i < begin + count; ++i) {
      Json key, value;
      within(index_part(i - begin), [&] { return read(*map.keys(), i, key), read(*map.items(), i, value); });
      pairs.push_back(Json::array({std::move(key), std::move(value)}));
    }
    out = Json(std::move(pairs));
    return;
  }
  // A repeated key keeps its first place and its last value, as a Python dict.
  Json::Object members;
  std::unordered_map<std::string, std::size_t> places;
  for (std::int64_t i = begin; i < begin + count; ++i) {
    Json key, value;
    within(index_part(i - begin), [&] { return read(*map.keys(), i, key); });
    if (key.is_null()) throw ValueFault{index_part(i - begin), "the key is null"};
    if (!within(cat('[', quote(key.text()), ']'), [&] { return read(*map.items(), i, value); })) continue;
    const auto [place, is_new] = places.emplace(key.text(), members.size());
    if (is_new) members.emplace_back(key.text(), std::move(value));
    else members[place->second].second = std::move(value);
  }
  out = Json(std::move(members));
}

}  // namespace forgelm::parquet
