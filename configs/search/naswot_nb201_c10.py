# python tools/search.py configs/search/naswot_nb201_c10.py --data-root DIR --benchmark TABLE
# NASWOT: the best of 1,000 untrained cells (Table I); nothing is trained
_base_ = './ostr_nb201_c10.py'
proxy_search = dict(proxy=dict(type='naswot'), samples=1000)
