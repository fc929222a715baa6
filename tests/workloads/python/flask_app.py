"""A small Flask service with one expensive thing in it, for gunicorn and uwsgi.

Truth: of a request to / about nine tenths are computed in price, below quote; the rest is Flask, the template and
the server. / sleeps in look_up for some 2 ms, which is elapsed but not CPU time.
"""

import time

from flask import Flask, render_template_string

app = Flask(__name__)
PAGE = "<ul>{% for item, price in quotes %}<li>{{ item }}: {{ price }}</li>{% endfor %}</ul>"
ITEMS = ("tea", "coffee", "cocoa")


def price(item):
    value = len(item)
    for step in range(60000):
        value = (value * 31 + step) % 10007
    return value


def quote(items):
    return [(item, price(item)) for item in items]


def look_up():
    time.sleep(0.002)
    return ITEMS


@app.route("/")
def index():
    return render_template_string(PAGE, quotes=quote(look_up()))
