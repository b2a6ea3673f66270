"""Takes the request log and later events, gives tables to train rankers from: features then, labels after."""

from bowerbird.learn.requests.config import RequestTableConfig
from bowerbird.learn.requests.reading import RequestBatch, RequestTable
from bowerbird.learn.requests.splits import split_by_time
from bowerbird.learn.requests.table import make_request_table

__all__ = ["RequestBatch", "RequestTable", "RequestTableConfig", "make_request_table", "split_by_time"]
