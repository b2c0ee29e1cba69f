// How CSV is read, one character at a time: RFC 4180, and where a file breaks it, as Python's csv module and pandas
// read it (a quote inside an unquoted cell is itself; text behind a closing quote belongs to the cell). Both the
// cutting of a file into records and the reading of a record run this machine, so that they cannot disagree. A record
// ends with a line feed, a carriage return or both.
#pragma once

namespace forgelm::formats {

enum class CsvState : unsigned char {
  record_start,
  cell_start,
  in_cell,
  in_quotes,
  quote_in_quotes,  ///< the end of the quoted part, or the first of a doubled quote
};

enum class CsvAction : unsigned char {
  none,        ///< the character is no data
  add,         ///< it belongs to the cell
  end_cell,    ///< it ends the cell
  end_record,  ///< it ends the cell and the record
};

struct CsvMachine {
  char delimiter = ',';
  CsvState state = CsvState::record_start;

  CsvAction step(char c) noexcept {
    switch (state) {
      case CsvState::in_quotes:
        if (c != '"') return CsvAction::add;
        state = CsvState::quote_in_quotes;
        return CsvAction::none;
      case CsvState::quote_in_quotes:
        if (c == '"') {
          state = CsvState::in_quotes;
          return CsvAction::add;
        }
        break;
      case CsvState::record_start:
      case CsvState::cell_start:
        if (c == '"') {
          state = CsvState::in_quotes;
          return CsvAction::none;
        }
        break;
      case CsvState::in_cell: break;
    }
    if (c == delimiter) {
      state = CsvState::cell_start;
      return CsvAction::end_cell;
    }
    if (c == '\n' || c == '\r') {
      state = CsvState::record_start;
      return CsvAction::end_record;
    }
    state = CsvState::in_cell;
    return CsvAction::add;
  }
};

}  // namespace forgelm::formats
