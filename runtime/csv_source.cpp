#include <utility>

#include "runtime/csv.h"
#include "runtime/data_source.h"

// `data csv "flowers.csv"`, or with a second file for the test.

namespace netc::runtime {
namespace {

CsvFormat format_of(const DataRequest& request) {
  if (request.encoding) return request.encoding->format;
  const char usual = request.kind == "tsv" ? '\t' : ',';
  return {request.table.separator != 0 ? request.table.separator : usual, request.table.header};
}

KindByName kinds_of(const Table& table) {
  KindByName kinds;
  for (const Column& column : table.columns)
    kinds[column.name] = column.is_text ? CellKind::kText : CellKind::kNumber;
  return kinds;
}

Result<Table> read_first(const DataRequest& request, CsvFormat format) {
  if (request.encoding)
    return read_csv_as(request.files[0], format, kinds_of(*request.encoding, true), request.threads);
  const TableSettings& settings = request.table;
  const CsvChoice choice{.format = format,
                         .texts = settings.categories,
                         .columns = settings.columns,
                         .dropped = settings.dropped,
                         .always = settings.targets};
  return read_csv(request.files[0], choice, request.threads);
}

}  // namespace

Result<ReadTables> read_csv_tables(const DataRequest& request) {
  const CsvFormat format = format_of(request);
  Result<Table> train = read_first(request, format);
  if (!train) return train.error();
  ReadTables tables{std::move(*train), std::nullopt, format, {}};
  if (request.files.size() == 1) return tables;
  Result<Table> test = read_csv_as(request.files[1], format, kinds_of(tables.train), request.threads);
  if (!test) return test.error();
  tables.test = std::move(*test);
  return tables;
}

}  // namespace netc::runtime
