// Names and identifiers are the reference's (its data_audit/_croissant.py).
// Trap: consumers read a column's values by its data type, so a column whose
// values no type of Croissant covers gets no field; the record set says so.
#include "forgelm/audit/croissant.hpp"

#include <algorithm>
#include <fstream>
#include <set>

#include "croissant_rai.hpp"
#include "forgelm/core/text.hpp"
#include "value_shape.hpp"

namespace forgelm::audit {
namespace {

namespace fs = std::filesystem;

bool is_word(char c) { return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '_'; }

/// Whether a JSON path may name a member so, without quotes.
bool is_path_name(std::string_view name) {
  return !name.empty() && !is_ascii_digit(name[0]) && std::all_of(name.begin(), name.end(), is_word);
}

/// The reference's identifiers: runs of anything but ASCII word characters
/// become one underscore.
std::string slug(std::string_view value, std::string_view fallback) {
  std::string out;
  for (const char c : value) {
    const char kept = is_word(c) ? c : '_';
    if (kept != '_' || (!out.empty() && out.back() != '_')) out += kept;
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  return out.empty() ? std::string(fallback) : out;
}

/// Identifiers are unique in a card: a second "a" is "a-1".
class Identifiers {
 public:
  std::string unique(std::string wanted) {
    std::string id = wanted;
    for (int i = 1; !taken_.insert(id).second; ++i) id = cat(wanted, "-", i);
    return id;
  }

 private:
  std::set<std::string> taken_;
};

Json context() {
  const auto json_value = [](const char* id) { return Json::object({{"@id", id}, {"@type", "@json"}}); };
  Json all = Json::object({{"@language", "en"},
                           {"@vocab", "https://schema.org/"},
                           {"sc", "https://schema.org/"},
                           {"cr", "http://mlcommons.org/croissant/"},
                           {"rai", "http://mlcommons.org/croissant/RAI/"},
                           {"dct", "http://purl.org/dc/terms/"},
                           {"conformsTo", "dct:conformsTo"},
                           {"data", json_value("cr:data")},
                           {"examples", json_value("cr:examples")},
                           {"dataType", Json::object({{"@id", "cr:dataType"}, {"@type", "@vocab"}})}});
  for (const char* const term :
       {"annotation", "arrayShape",  "citeAs",    "column",        "containedIn",  "equivalentProperty",
        "excludes",   "extract",     "field",     "fileObject",    "fileProperty", "fileSet",
        "format",     "includes",    "isArray",   "isLiveDataset", "jsonPath",     "key",
        "md5",        "parentField", "path",      "readLines",     "recordSet",    "references",
        "regex",      "repeated",    "replace",   "samplingRate",  "sdVersion",    "separator",
        "source",     "subField",    "transform", "unArchive",     "value"})
    all.set(term, cat("cr:", term));
  return all;
}

/// How a file is read: by column, or (an array of JSON) by path.
struct Encoding {
  const char* format = "application/jsonlines";
  bool is_by_path = false;
  bool has_records = true;  ///< consumers can tell the rows apart
  bool is_untyped = false;  ///< texts that spell numbers are numbers to consumers
};

Encoding encoding_of(const fs::path& path) {
  const std::string ending = path.extension().native();
  if (ending == ".csv") return {"text/csv", false, true, true};
  if (ending == ".tsv") return {"text/tab-separated-values", false, true, true};
  if (ending == ".parquet") return {"application/x-parquet"};
  if (ending != ".json") return {};
  std::ifstream file(path, std::ios::binary);
  std::string line;
  while (std::getline(file, line) && trim(line).empty()) continue;
  if (trim(line).starts_with("[")) return {"application/json", true};
  JsonLineReader reader;
  if (const JsonLine read = reader.read(line, line.size()); read.state == LineState::row && read.value.is_object()) {
    // One object with an array of rows in it is no row.
    for (const auto field : simdjson::dom::object(read.value))
      if (!field.value.is_array()) return {};
  }
  return {"application/json", false, false};
}

/// The type of plain values; nullptr where no type covers them.
const char* scalar_type(unsigned parts) {
  switch (parts) {
    case 0:
    case ValueShape::text: return "sc:Text";
    case ValueShape::boolean: return "sc:Boolean";
    case ValueShape::integer: return "sc:Integer";
    case ValueShape::real:
    case ValueShape::real | ValueShape::integer: return "sc:Float";
    default: break;
  }
  const unsigned nested = ValueShape::array | ValueShape::object | ValueShape::cut;
  return (parts & nested) == 0 ? "sc:Text" : nullptr;
}

/// The same for texts that spell values.
const char* spelt_type(unsigned spelt) {
  if (spelt == ValueShape::spelt_integer) return "sc:Integer";
  const unsigned numbers = ValueShape::spelt_integer | ValueShape::spelt_real;
  return spelt != 0 && (spelt & ~numbers) == 0 ? "sc:Float" : "sc:Text";
}

/// Makes the fields of one record set.
class Fields {
 public:
  Fields(std::string split_id, std::string file_id, Encoding encoding)
      : split_id_(std::move(split_id)), file_id_(std::move(file_id)), encoding_(encoding) {}

  void add(const std::string& column, const ValueShape& shape) {
    if (encoding_.is_by_path && !is_path_name(column)) return left_out_.push_back(column);
    Json field = start(cat(split_id_, "/", slug(column, "field")), column);
    const bool is_list = shape.parts() == ValueShape::array;
    const ValueShape* const inner = is_list ? shape.items() : &shape;
    const char* const type = inner == nullptr       ? "sc:Text"
                             : encoding_.is_untyped ? spelt_type(inner->spelt())
                                                    : scalar_type(inner->parts());
    if (is_list) field.set("isArray", true).set("arrayShape", "-1");
    if (type != nullptr) {
      field.set("dataType", type).set("source", source(column, {}));
    } else if (inner->parts() == ValueShape::object) {
      Json members = sub_fields(column, field.at("@id").text(), *inner);
      if (members.items().empty()) return left_out_.push_back(column);
      field.set("subField", std::move(members));
    } else {
      return left_out_.push_back(column);
    }
    fields_.push(std::move(field));
  }

  Json take() { return std::move(fields_); }
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  Json start(std::string id, const std::string& name) {
    return Json::object({{"@type", "cr:Field"}, {"@id", identifiers_.unique(std::move(id))}, {"name", name}});
  }

  Json source(const std::string& column, const std::string& member) const {
    Json extract =
        encoding_.is_by_path ? Json::object({{"jsonPath", cat("$[*].", column)}}) : Json::object({{"column", column}});
    Json made = Json::object({{"fileObject", Json::object({{"@id", file_id_}})}, {"extract", std::move(extract)}});
    if (!member.empty()) made.set("transform", Json::object({{"jsonPath", member}}));
    return made;
  }

  /// Members of the column's objects that are plain values and whose names need
  /// no quoting in a path.
  Json sub_fields(const std::string& column, const std::string& id, const ValueShape& objects) {
    Json all = Json::array();
    for (const auto& [name, shape] : objects.members()) {
      const char* const type = scalar_type(shape.parts());
      if (type == nullptr || !is_path_name(name)) {
        left_out_.push_back(cat(column, ".", name));
        continue;
      }
      Json field = start(cat(id, "/", name), name);
      field.set("dataType", type).set("source", source(column, name));
      all.push(std::move(field));
    }
    return all;
  }

  std::string split_id_, file_id_;
  Encoding encoding_;
  Identifiers identifiers_;
  Json fields_ = Json::array();
  std::vector<std::string> left_out_;
};

Json file_object(const SplitAudit& split, const std::string& id, const Encoding& encoding) {
  const std::string name = split.path.filename().native();
  Json file = Json::object({{"@type", "cr:FileObject"},
                            {"@id", id},
                            {"name", name},
                            {"contentUrl", name},
                            {"encodingFormat", encoding.format},
                            {"description", cat("Split '", split.name, "': ", split.num_rows, " sample(s).")}});
  if (split.error.empty()) file.set("contentSize", cat(split.size_bytes, " B")).set("sha256", split.sha256);
  return file;
}

Json record_set(const SplitAudit& split, const std::string& id, const std::string& file_id, const Encoding& encoding,
                int num_workers) {
  Fields fields(id, file_id, encoding);
  if (split.error.empty() && encoding.has_records) {
    const ValueShape rows = row_shape(split, num_workers);
    for (const auto& [name, shape] : rows.members()) fields.add(name, shape);
  }
  std::string description = cat("Records from split '", split.name, "'.");
  if (!fields.left_out().empty())
    description +=
        cat(" Without a field, since no data type covers their values: ", join(fields.left_out(), ", "), ".");
  return Json::object({{"@type", "cr:RecordSet"},
                       {"@id", id},
                       {"name", split.name},
                       {"field", fields.take()},
                       {"description", std::move(description)}});
}

std::string name_of(const AuditReport& report) {
  const fs::path source = report.source_path;
  std::error_code error;
  const fs::path name = fs::is_directory(source, error) ? source.filename() : source.stem();
  return name.empty() ? "dataset" : name.native();
}

}  // namespace

Json croissant_card(const AuditReport& report, int num_workers) {
  Identifiers identifiers;
  Json distribution = Json::array(), record_sets = Json::array();
  for (const SplitAudit& split : report.splits) {
    const Encoding encoding = split.error.empty() ? encoding_of(split.path) : Encoding{};
    const std::string file_id = identifiers.unique(slug(split.path.filename().native(), "file"));
    const std::string id = identifiers.unique(slug(split.name, "split"));
    distribution.push(file_object(split, file_id, encoding));
    record_sets.push(record_set(split, id, file_id, encoding, num_workers));
  }
  const std::string name = name_of(report);
  Json card = Json::object(
      {{"@context", context()},
       {"@type", "sc:Dataset"},
       {"conformsTo", Json::array({"http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"})},
       {"name", name},
       {"description", cat("Data set card made by forgelm audit. ", report.total_rows, " sample(s) across ",
                           report.splits.size(), " split(s).")},
       {"url", slug(fs::path(report.source_input).filename().native(), slug(name, "dataset"))},
       {"datePublished", report.generated_at},
       {"distribution", std::move(distribution)},
       {"recordSet", std::move(record_sets)}});
  add_rai_terms(report, card);
  return card;
}

}  // namespace forgelm::audit
